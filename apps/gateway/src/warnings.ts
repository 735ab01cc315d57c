import type { GatewayConfig } from './config.ts';

/** Shorter ones can be guessed: a right password is let in however many wrong ones came before it. */
const MIN_SECRET_LENGTH = 16;

/** Says at start what will be refused, or let in, because of settings. */
export function warnAboutSettings(
  config: Pick<
    GatewayConfig,
    | 'APP_PASSWORD'
    | 'TOKENS_FILE'
    | 'GROUPME_CALLBACK_SECRET'
    | 'ALLOW_OPEN_CALLBACK'
    | 'TWILIO_AUTH_TOKEN'
    | 'PUBLIC_URL'
  >,
  logger: { warn(fields: object, message: string): void },
): void {
  if (!config.APP_PASSWORD && config.TOKENS_FILE === undefined) {
    logger.warn({}, 'APP_PASSWORD is not set: every /send will be refused with 401');
  }
  if (!config.GROUPME_CALLBACK_SECRET) {
    if (config.ALLOW_OPEN_CALLBACK) {
      logger.warn({}, 'ALLOW_OPEN_CALLBACK is on: anybody can post /callback and so forge chat commands');
    } else {
      logger.warn({}, 'GROUPME_CALLBACK_SECRET is not set: /callback is closed, every callback gets 404');
    }
  } else if (config.ALLOW_OPEN_CALLBACK) {
    logger.warn({}, 'ALLOW_OPEN_CALLBACK is ignored, since GROUPME_CALLBACK_SECRET is set');
  }
  if (config.TWILIO_AUTH_TOKEN && config.PUBLIC_URL === undefined) {
    logger.warn(
      {},
      'PUBLIC_URL is not set, and Twilio signs the URL that it calls: /hooks/twilio/sms is closed',
    );
  }
  for (const name of ['APP_PASSWORD', 'GROUPME_CALLBACK_SECRET'] as const) {
    const secret = config[name];
    if (secret && secret.reveal().length < MIN_SECRET_LENGTH) {
      logger.warn({}, `${name} is shorter than ${MIN_SECRET_LENGTH} characters and can be guessed`);
    }
  }
}
