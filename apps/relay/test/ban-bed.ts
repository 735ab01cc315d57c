import { type HttpRecorder, type ServiceProcess, serveJson, startHttpServer } from '@wbor/testkit';
import { type ModeratorDouble, startModeratorDouble } from './moderator-double.ts';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

export const BANNED = '+12075550123';
export const OTHER = '+12075550199';
export const SMS_KEY = 'source.twilio.sms.incoming';

/** A relay that acknowledges SMS, and what it knows of bans from. */
export interface BanBed {
  readonly world: RelayUnderTest;
  readonly web: HttpRecorder;
  startModerator(options?: Parameters<typeof startModeratorDouble>[2]): Promise<ModeratorDouble>;
  /** Publishes an SMS whose text is its id. */
  sms(id: string, from?: string, more?: object): Promise<void>;
  /** What became of each message, in order: its id and the outcome. */
  outcomes(count: number): Promise<string[]>;
  /** First words of the bot's posts. */
  said(): string[];
  acknowledged(): unknown[];
}

export async function setUpBans(brokerUrl: string): Promise<BanBed> {
  const web = await startHttpServer({ 'POST /acknowledge': serveJson({}) });
  const world = await setUpRelay(brokerUrl, { ACK_URL: `${web.url}/acknowledge` });
  world.onStop(() => web.dispose());
  return {
    world,
    web,
    async startModerator(options = { answerAfterMs: 0 }) {
      const moderator = await startModeratorDouble(brokerUrl, world.namespace.exchange, options);
      world.onStop(() => moderator.stop());
      return moderator;
    },
    sms: (id, from = BANNED, more = {}) =>
      world.publish(SMS_KEY, { From: from, Body: id, wbor_message_id: id, source: 'twilio', ...more }),
    async outcomes(count) {
      const messages = await world.events.waitForCount(count, 30_000);
      return messages.map(({ json }) => {
        const { wbor_message_id: id, outcome } = json as { wbor_message_id: string; outcome: string };
        return `${id} ${outcome}`;
      });
    },
    said: () => world.posts().map((text) => /"(\w+)/.exec(text)?.[1] ?? text),
    acknowledged: () => web.requests.filter(({ path }) => path === '/acknowledge').map(({ json }) => json),
  };
}

export function ban(version: number, until: string | null = null, sender = '+1 (207) 555-0123') {
  return { version, bans: [{ sender, until }] };
}

export function tookVersion(relay: ServiceProcess, version: number): Promise<unknown> {
  return relay.waitForLog((line) => line.msg === 'took a new ban list' && line.version === version);
}

export async function metricsOf(relay: ServiceProcess): Promise<string> {
  return (await fetch(`${relay.healthUrl}/metrics`)).text();
}

export async function readinessOf(relay: ServiceProcess): Promise<{ status: number; notices: unknown }> {
  const answer = await fetch(`${relay.healthUrl}/readyz`);
  const { notices } = (await answer.json()) as { notices: { name: string }[] };
  // No audit-logger consumes here, which the relay says after a while.
  return { status: answer.status, notices: notices.filter(({ name }) => name !== 'queues') };
}
