import { setTimeout as delay } from 'node:timers/promises';
import { openProducerLink, PublishError } from '@wbor/amqp/producer';
import { DEFAULT_EXCHANGE_NAME, dashboardClear, parseJson } from '@wbor/contracts';
import { poke } from './poke.ts';
import { createRedactor } from './redact.ts';

// Runs on the studio's machine. It hears `!clear`, has Twilio forget the messages if it may, and wakes the dashboard.

const {
  DASHBOARD_SOCKETS = '/tmp/wbor_studio_dashboard_twilio_instant_update.sock',
  RABBITMQ_EXCHANGE = DEFAULT_EXCHANGE_NAME,
  RABBITMQ_URL,
  REDACT_HOURS = '24',
  TWILIO_ACCOUNT_SID,
  TWILIO_API_URL = 'https://api.twilio.com',
  TWILIO_AUTH_TOKEN,
  TWILIO_NUMBER,
} = process.env;

const RECONNECT_MS = 5_000;

const say = (event: string, facts: object = {}) =>
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...facts })}\n`);

const redact =
  TWILIO_ACCOUNT_SID && TWILIO_AUTH_TOKEN && TWILIO_NUMBER
    ? createRedactor({
        apiUrl: TWILIO_API_URL,
        accountSid: TWILIO_ACCOUNT_SID,
        authToken: TWILIO_AUTH_TOKEN,
        number: TWILIO_NUMBER,
        hours: Number(REDACT_HOURS),
      })
    : undefined;

async function clear(content: Buffer): Promise<void> {
  const body = parseJson(content.toString());
  const read = dashboardClear.schema.safeParse(body.ok ? body.value : undefined);
  if (!read.success) {
    say('not understood');
    return;
  }
  if (redact !== undefined) say('redacted', await redact(read.data.at));
  for (const socket of DASHBOARD_SOCKETS.split(',')) say(await poke(socket.trim()), { socket });
}

if (!RABBITMQ_URL) {
  process.stderr.write('dashboard-bridge: set RABBITMQ_URL\n');
  process.exit(2);
}

let last: Promise<unknown> = Promise.resolve();
for (;;) {
  try {
    const link = await openProducerLink({
      url: RABBITMQ_URL,
      appId: 'dashboard-bridge',
      exchange: RABBITMQ_EXCHANGE,
      timeoutMs: 10_000,
    });
    // One after another: the second must not find what the first is about to redact.
    await link.listen(dashboardClear.key, ({ content }) => {
      last = last.then(() => clear(content)).catch(() => say('failed'));
    });
    say('listening');
    await new Promise((resolve) => link.lost.addEventListener('abort', resolve, { once: true }));
    say('lost the broker');
    await link.close();
  } catch (error) {
    say('no broker', { reason: error instanceof PublishError ? error.message : 'the exchange is not there' });
  }
  await delay(RECONNECT_MS);
}
