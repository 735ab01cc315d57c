import { relayParkedQueue, relayTwilioQueue } from '@wbor/contracts';
import { callbackUrl } from '@wbor/start-system';
import { connectAmqp, createDatabase, publishRaw, serveJson, startHttpServer } from '@wbor/testkit';
import { Client } from 'pg';
import { buildRoundTrip } from '../src/checks/round-trip.ts';
import type { ServiceName } from '../src/services.ts';
import type { Check } from '../src/types.ts';
import type { DoctorBed } from './doctor-bed.ts';

type Patch = Readonly<Partial<Record<ServiceName | 'all', Readonly<Record<string, string>>>>>;

/** Something that is wrong with a deployment. */
export interface ProvokedFault {
  readonly title: string;
  /** Does it, and says which settings are others then. */
  provoke(bed: DoctorBed, onEnd: (undo: () => Promise<unknown>) => void): Patch | Promise<Patch>;
  /** What the doctor must say: `check | about | text | fix`. */
  readonly finds: readonly RegExp[];
  readonly isWarning?: boolean;
  readonly clockAheadMs?: number;
  readonly also?: readonly Check[];
}

/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1';

export const provokedFaults: readonly ProvokedFault[] = [
  {
    title: 'a setting is missing',
    provoke: () => ({ relay: { GROUPME_BOT_ID: '' } }),
    finds: [/^configuration \| relay \| GROUPME_BOT_ID is not set \| set GROUPME_BOT_ID right/],
  },
  {
    title: 'a setting makes no sense',
    provoke: () => ({ gateway: { RATE_LIMIT_SEND: 'many' } }),
    finds: [/^configuration \| gateway \| RATE_LIMIT_SEND must be a number \| set RATE_LIMIT_SEND right/],
  },
  {
    title: 'the file of a secret is not there',
    provoke: () => ({ relay: { GROUPME_ACCESS_TOKEN: '', GROUPME_ACCESS_TOKEN_FILE: '/no/such/file' } }),
    finds: [
      /^configuration \| relay \| GROUPME_ACCESS_TOKEN_FILE: the file cannot be read \| let GROUPME_ACCESS_TOKEN_FILE name/,
    ],
  },
  {
    title: 'two services disagree',
    provoke: () => ({ moderator: { GROUPME_GROUP_ID: '4711' } }),
    finds: [
      /^agreement \| GROUPME_GROUP_ID \| is not the same for relay, moderator \| set GROUPME_GROUP_ID to one value/,
    ],
  },
  {
    title: 'there is no callback secret',
    provoke: () => ({ gateway: { GROUPME_CALLBACK_SECRET: '' } }),
    finds: [/^advice \| gateway \| GROUPME_CALLBACK_SECRET is not set.*\| set GROUPME_CALLBACK_SECRET/],
  },
  {
    title: 'there is no token',
    provoke: () => ({ relay: { GROUPME_ACCESS_TOKEN: '' } }),
    finds: [/^advice \| relay \| GROUPME_ACCESS_TOKEN is not set.*\| set GROUPME_ACCESS_TOKEN/],
    isWarning: true,
  },
  {
    title: 'no broker is there',
    provoke: () => ({ all: { RABBITMQ_URL: `amqp://guest:guest@${NOWHERE}` } }),
    finds: [
      /^broker \| .* \| the broker at 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED.* \| start the broker/,
    ],
  },
  {
    title: 'the password at the broker is wrong',
    provoke: ({ broker }) => ({ relay: { RABBITMQ_URL: withUser(broker.url, 'guest', 'mistaken-secret') } }),
    finds: [/^broker \| relay \| .* refuses the user or the password \| correct the user and the password/],
  },
  {
    title: 'the virtual host is not there',
    provoke: ({ broker }) => ({ moderator: { RABBITMQ_URL: `${broker.url}/no-such-host` } }),
    finds: [/^broker \| moderator \| .* does not open this virtual host.*\| correct RABBITMQ_VHOST/],
  },
  {
    title: 'the user at the broker may not do what its service does',
    provoke: async ({ broker }) => {
      const rights = { configure: '^$', write: '^$', read: '^(?!.*relay\\.standard).*' };
      return { relay: { RABBITMQ_URL: await broker.addUser({ name: 'mute', password: 'mute', ...rights }) } };
    },
    finds: [
      /^exchanges \| .* \| the user of relay may not declare the exchange.*\| give the user configure permission/,
      /^queues \| .*relay\.outbox \| the user of relay may not declare.*\| give the user configure permission/,
      /^rights \| relay \| its user may not publish .*source\.groupme\.msg.*\| give the user write permission/,
      /^rights \| relay \| its user may not read [\w.]*relay\.standard \| give the user read permission/,
    ],
  },
  {
    title: 'the exchange is not there',
    provoke: () => ({ all: { RABBITMQ_EXCHANGE: 'no.such.exchange' } }),
    finds: [/^exchanges \| no\.such\.exchange \| the exchange is not there.*\| correct RABBITMQ_EXCHANGE/],
  },
  {
    title: 'the exchange is of another kind',
    provoke: () => ({ all: { RABBITMQ_EXCHANGE: 'amq.fanout' } }),
    finds: [/^exchanges \| amq\.fanout \| the exchange is of another kind.*\| delete it/],
  },
  {
    title: 'the exchange of another program is not there',
    provoke: () => ({ relay: { NOTIFICATIONS_EXCHANGE: 'no.notifications' } }),
    finds: [/^exchanges \| no\.notifications \| .* is not there.*\| start the program that declares it/],
    isWarning: true,
  },
  {
    title: 'a queue has other arguments, and others are not there',
    async provoke({ broker }, onEnd) {
      const connection = await connectAmqp(broker.url);
      onEnd(() => connection.close());
      const channel = await connection.createChannel();
      await channel.assertQueue(`older.${relayTwilioQueue.name}`, { durable: true });
      return { all: { QUEUE_PREFIX: 'older.' } };
    },
    finds: [
      /^queues \| older\.relay\.twilio \| the queue has other arguments.*\| stop what publishes to it, let the relay/,
      /^queues \| older\.audit-logger\.events \| the queue is not there.*\| see that QUEUE_PREFIX is right; start the audit-logger/,
    ],
  },
  {
    title: 'nobody works',
    provoke: ({ idle }) => ({ all: { RABBITMQ_EXCHANGE: idle.exchange, QUEUE_PREFIX: idle.queuePrefix } }),
    finds: [
      /^consumers \| .*relay\.twilio \| nobody reads the queue; 0 messages wait in it \| start the relay/,
      /^consumers \| .*audit-logger\.events \| nobody reads the queue.*\| start the audit-logger/,
    ],
  },
  {
    title: 'a message is parked',
    async provoke({ broker, idle }, onEnd) {
      const connection = await connectAmqp(broker.url);
      onEnd(() => connection.close());
      const channel = await connection.createConfirmChannel();
      await publishRaw(channel, '', `${idle.queuePrefix}${relayParkedQueue.name}`, Buffer.from('{}'));
      return { all: { RABBITMQ_EXCHANGE: idle.exchange, QUEUE_PREFIX: idle.queuePrefix } };
    },
    finds: [/^parked \| .*relay\.parked \| parked messages: 1 \| look at them with `npm run parked -- list/],
    isWarning: true,
  },
  {
    title: 'no Postgres is there',
    provoke: () => ({ moderator: { DATABASE_URL: `postgres://wbor:hidden-word@${NOWHERE}/groupme` } }),
    finds: [
      /^database \| moderator \| Postgres at 127\.0\.0\.1:1\/groupme cannot be reached.*\| start Postgres/,
    ],
  },
  {
    title: 'Postgres does not take the user',
    provoke: ({ database }) => ({
      moderator: { DATABASE_URL: withUser(database.url, 'nobody', 'hidden-word') },
    }),
    finds: [
      /^database \| moderator \| Postgres says: .*\| correct the user and the password in DATABASE_URL/,
    ],
  },
  {
    title: 'the database is not there',
    provoke: ({ database }) => ({ moderator: { DATABASE_URL: `${database.url}_gone` } }),
    finds: [/^database \| moderator \| .*does not exist.*\| make the database/],
  },
  {
    title: 'the database has no tables',
    async provoke({ database }, onEnd) {
      const empty = await createDatabase(database.url);
      onEnd(empty.drop);
      return { moderator: { DATABASE_URL: empty.url } };
    },
    finds: [/^migrations \| moderator \| the database has no tables of ours \| start the audit-logger/],
  },
  {
    title: 'the tables are of an older version',
    async provoke({ database }, onEnd) {
      const older = await createDatabase(database.url);
      onEnd(older.drop);
      await runSql(older.url, "create table kysely_migration as select '0001_audit_tables'::text as name");
      return { moderator: { DATABASE_URL: older.url } };
    },
    finds: [
      /^migrations \| moderator \| the tables are of an older version; .*0003_moderation.*\| restart the audit-logger/,
    ],
  },
  {
    title: 'the tables are of another program',
    async provoke({ database }, onEnd) {
      const foreign = await createDatabase(database.url);
      onEnd(foreign.drop);
      await runSql(foreign.url, "create table kysely_migration as select '2020_shop'::text as name");
      return { moderator: { DATABASE_URL: foreign.url } };
    },
    finds: [
      /^migrations \| moderator \| the database has migrations of others \(2020_shop\).*\| deploy the version/,
    ],
  },
  {
    title: 'GroupMe is not there',
    provoke: () => ({ relay: { GROUPME_API_URL: `http://${NOWHERE}/v3` } }),
    finds: [
      /^groupme \| relay \| http:\/\/127\.0\.0\.1:1\/v3 cannot be reached.*\| see that this machine has a way/,
    ],
  },
  {
    title: 'the token is wrong',
    provoke: () => ({ relay: { GROUPME_ACCESS_TOKEN: 'mistaken-secret' } }),
    finds: [/^groupme \| relay \| GroupMe does not accept the token.*401.*\| set GROUPME_ACCESS_TOKEN/],
  },
  {
    title: 'the bot is not there',
    provoke: () => ({ all: { GROUPME_BOT_ID: 'mistaken-secret' } }),
    finds: [/^bot \| relay \| the account of the token has no bot.*\| set GROUPME_BOT_ID/],
  },
  {
    title: 'the bot is of another group',
    provoke: () => ({ relay: { GROUPME_GROUP_ID: '4711' }, moderator: { GROUPME_GROUP_ID: '4711' } }),
    finds: [
      /^bot \| relay \| the bot is of group \d+, and GROUPME_GROUP_ID is 4711 \| set GROUPME_GROUP_ID/,
      /^group \| relay \| group 4711 cannot be read: .*404.*\| correct GROUPME_GROUP_ID/,
    ],
  },
  {
    title: 'the bot has no callback URL',
    provoke: ({ system }, onEnd) => setCallbackUrl(system, undefined, onEnd),
    finds: [/^bot \| gateway \| the bot has no callback URL.*\| set the bot's callback URL/],
  },
  {
    title: 'the bot calls back with another secret',
    provoke: ({ system }, onEnd) => setCallbackUrl(system, `${system.gatewayUrl}/callback/of-before`, onEnd),
    finds: [
      /^bot \| gateway \| .* does not end in \/callback\/ and our secret \| set the bot's callback URL/,
    ],
  },
  {
    title: 'the clock is wrong',
    provoke: () => ({}),
    clockAheadMs: 10 * 60_000,
    finds: [
      /^clocks \| GroupMe \| this machine's clock is \d+ s ahead of its \| let the machine set its clock by NTP/,
      /^clocks \| Postgres of .* \| this machine's clock is (?:599|600|601) s ahead of its/,
    ],
  },
  {
    title: 'the folder of the spool is not there',
    provoke: () => ({ gateway: { SPOOL_FILE: '/no/such/folder/spool.sqlite' } }),
    finds: [/^files \| SPOOL_FILE \| .* cannot be written: .*ENOENT.*\| make the folder \/no\/such\/folder/],
  },
  {
    title: 'the file of tokens is a folder',
    provoke: () => ({ gateway: { TOKENS_FILE: '/tmp' } }),
    finds: [/^files \| TOKENS_FILE \| \/tmp cannot be written: it is no file \| /],
  },
  {
    title: 'the disk is smaller than the spool may be',
    provoke: () => ({ gateway: { SPOOL_MAX_BYTES: '1000000000000000' } }),
    finds: [/^files \| SPOOL_FILE \| .*SPOOL_MAX_BYTES allows.*\| free some of it, or lower SPOOL_MAX_BYTES/],
    isWarning: true,
  },
  {
    title: 'a service is not ready',
    async provoke(_bed, onEnd) {
      const answer = {
        status: 'not ready',
        faults: [{ name: 'broker', reason: 'not connected to the broker' }],
        notices: [],
      };
      const server = await startHttpServer({ '/readyz': serveJson(answer, 503) });
      onEnd(server.dispose);
      return { relay: { HEALTH_PORT: String(server.port) } };
    },
    finds: [/^readiness \| relay \| not ready, broker: not connected to the broker \| docs\/operations\.md/],
  },
  {
    title: 'something else has the port of a service',
    async provoke(_bed, onEnd) {
      const server = await startHttpServer({});
      onEnd(server.dispose);
      return { relay: { HEALTH_PORT: String(server.port) } };
    },
    finds: [/^readiness \| relay \| something else answers at .* \| set HEALTH_PORT/],
  },
  {
    title: 'no relay posts what is sent',
    provoke: ({ idle }) => ({ all: { RABBITMQ_EXCHANGE: idle.exchange, QUEUE_PREFIX: idle.queuePrefix } }),
    also: [buildRoundTrip({ postedWithinMs: 300, calledBackWithinMs: 300 })],
    finds: [
      /^round trip \| {2}\| the broker did not take the message.*\| see the checks of broker, queues and rights/,
    ],
  },
  {
    title: 'no callback comes back',
    provoke: ({ system }, onEnd) => setCallbackUrl(system, `${system.gatewayUrl}/callback/of-before`, onEnd),
    also: [buildRoundTrip({ postedWithinMs: 20_000, calledBackWithinMs: 300 })],
    finds: [
      /^round trip \| {2}\| GroupMe accepted the post, and no callback .*\| see that the bot's callback URL/,
    ],
  },
];

function withUser(address: string, user: string, password: string): string {
  return Object.assign(new URL(address), { username: user, password }).href;
}

function setCallbackUrl(
  { gatewayUrl, simulator }: DoctorBed['system'],
  url: string | undefined,
  onEnd: (undo: () => Promise<unknown>) => void,
): Patch {
  simulator.setCallbackUrl(url);
  onEnd(async () => simulator.setCallbackUrl(callbackUrl(gatewayUrl)));
  return {};
}

async function runSql(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
