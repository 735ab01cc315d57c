import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { ProducerOptions } from '../types.ts';

/** A command line or a setting that makes no sense. The text is for the operator and holds no secret. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Read when neither `--config` nor `WBOR_SEND_CONFIG` names another. It need not exist. */
const DEFAULT_CONFIG = '/etc/wbor-send.conf';
const SYSTEM_SPOOL = '/var/spool/wbor-send/spool';

/**
 * The settings of the environment, over those of the file.
 *
 * @throws UsageError when a file that was named cannot be read.
 */
export function readSettings(environment: Environment, configFile: string | undefined): Environment {
  const named = configFile ?? environment.WBOR_SEND_CONFIG;
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  return { ...readConfig(named ?? DEFAULT_CONFIG, named !== undefined), ...Object.fromEntries(given) };
}

function readConfig(path: string, mustExist: boolean): Environment {
  try {
    return parseEnv(readFileSync(path, 'utf8')) as Environment;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'is not readable';
    if (code === 'ENOENT' && !mustExist) return {};
    throw new UsageError(`cannot read ${path}: ${code}`);
  }
}

/** @throws UsageError when nothing says where to send to. */
export function toProducerOptions(settings: Environment, source: string | undefined): ProducerOptions {
  const { GATEWAY_URL, GROUPME_BOT_ID, RABBITMQ_URL, RABBITMQ_URLS } = settings;
  const rabbitmqUrl = RABBITMQ_URLS?.split(',').map((url) => url.trim()) ?? RABBITMQ_URL;
  if (rabbitmqUrl === undefined && GATEWAY_URL === undefined) {
    throw new UsageError(
      `set RABBITMQ_URL or GATEWAY_URL, in the environment or in ${settings.WBOR_SEND_CONFIG ?? DEFAULT_CONFIG}`,
    );
  }
  return {
    // A machine of ours may have both in its environment.
    ...(GATEWAY_URL === undefined ? { rabbitmqUrl } : { gatewayUrl: GATEWAY_URL }),
    exchange: settings.RABBITMQ_EXCHANGE,
    token: settings.GATEWAY_TOKEN,
    source: source ?? settings.WBOR_SOURCE ?? 'standard',
    ...(GROUPME_BOT_ID === undefined
      ? {}
      : {
          fallback: {
            botId: GROUPME_BOT_ID,
            apiUrl: settings.GROUPME_API_URL,
            groupmeAccessToken: settings.GROUPME_ACCESS_TOKEN,
          },
        }),
    spoolFile: settings.WBOR_SPOOL_FILE ?? defaultSpool(settings),
  };
}

/** cron and apcupsd run as root and may have no HOME. */
function defaultSpool({ HOME, XDG_STATE_HOME }: Environment): string {
  if (process.getuid?.() === 0) return SYSTEM_SPOOL;
  const state = XDG_STATE_HOME ?? (HOME === undefined ? undefined : `${HOME}/.local/state`);
  return state === undefined ? SYSTEM_SPOOL : `${state}/wbor-send/spool`;
}
