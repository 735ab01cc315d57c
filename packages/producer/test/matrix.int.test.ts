import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ServiceProcess, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Bed, buildInto, installedNode, makeBed, run } from './bed.ts';

/** What a caller can be told. The command says it by its exit code as well. */
interface Told {
  readonly deliveredBy: string;
  readonly state: string;
  readonly code?: number;
}

const WORDS = 'Mains lost';
const PARTS = ['relay', 'broker', 'gateway', 'GroupMe', 'network'] as const;
const TIMES = ['is up', 'is down before', 'dies during', 'comes back'] as const;
const WAYS = ['SDK by AMQP', 'SDK by HTTP', 'CLI'] as const;

const EXIT_OF: Readonly<Record<string, number>> = {
  delivered: 0,
  posting: 0,
  queued: 0,
  failed: 1,
  waiting: 3,
  'in-doubt': 4,
};

let bed: Bed;
let relay: ServiceProcess;
let gateway: ServiceProcess;

/** `MATRIX=all` tries every way in every case; otherwise the ways take turns. */
const isTried = (way: number, part: number, time: number) =>
  process.env.MATRIX === 'all' || (part + time) % WAYS.length === way;

beforeEach(async () => {
  bed = await makeBed(inject('brokerUrl'));
});

afterEach(() => bed.end());

const breakers = {
  relay: { down: () => relay.kill(), up: async () => void (await bed.startRelay()) },
  broker: { down: () => bed.toBroker.cut(), up: () => bed.toBroker.heal() },
  gateway: { down: () => gateway.kill(), up: async () => void (await bed.startGateway()) },
  GroupMe: { down: () => bed.toGroupMe.cut(), up: () => bed.toGroupMe.heal() },
  // Packets are swallowed, and nobody is told.
  network: { down: async () => bed.toRelay.stall(), up: () => bed.toRelay.heal() },
} satisfies Record<(typeof PARTS)[number], { down(): Promise<unknown>; up(): Promise<void> }>;

/** A token, so that a doubt is settled, and waits that fit into a test. */
const TERMS = { waitMs: 3_000, timeoutMs: 20_000 };

function fallback() {
  const { accessToken, botId } = bed.simulator;
  return { botId, apiUrl: bed.toGroupMe.url(bed.simulator.apiUrl), groupmeAccessToken: accessToken };
}

/** Starts what the case needs. */
async function setUp(way: (typeof WAYS)[number], part: (typeof PARTS)[number]): Promise<void> {
  const starts = [
    async () => {
      relay = await bed.startRelay();
    },
    ...(way === 'SDK by HTTP' || part === 'gateway'
      ? [
          async () => {
            gateway = await bed.startGateway();
          },
        ]
      : []),
    ...(way === 'CLI' ? [() => buildInto(join(bed.folder, 'dist'))] : []),
  ];
  await Promise.all(starts.map((start) => start()));
}

async function send(way: (typeof WAYS)[number]): Promise<Told> {
  if (way !== 'CLI') {
    const producer = bed.producer({ over: way === 'SDK by HTTP' ? 'http' : 'amqp', fallback: fallback() });
    const told = await producer.send({ body: WORDS, ...TERMS });
    await producer.close();
    return told;
  }
  const { code, stdout } = await command('--json', '--wait', '3', '--timeout', '20', WORDS);
  return { ...(JSON.parse(stdout) as Told), code };
}

function command(...args: string[]) {
  const env = { ...bed.environment, GROUPME_ACCESS_TOKEN: bed.simulator.accessToken };
  return run(installedNode, [join(bed.folder, 'dist/wbor-send.js'), ...args], { env });
}

/** Goes on until the spool holds neither a message nor a log. */
async function drain(way: (typeof WAYS)[number]): Promise<void> {
  await waitFor(
    async () => {
      if (way === 'CLI') return (await command('drain')).code === 0;
      const producer = bed.producer({ over: way === 'SDK by HTTP' ? 'http' : 'amqp', fallback: fallback() });
      const { logs, messages } = await producer.drain();
      await producer.close();
      return messages === 0 && logs === 0;
    },
    { what: 'an empty spool', timeoutMs: 40_000, intervalMs: 300 },
  );
}

const shown = () => bed.posts().filter((text) => text.includes(WORDS)).length;

describe.each(WAYS)('%s', (way) => {
  describe.each(PARTS)('%s', (part) => {
    it.each(TIMES.filter((time) => isTried(WAYS.indexOf(way), PARTS.indexOf(part), TIMES.indexOf(time))))(
      '%s: the message is in the chat once, and what is said of it is true',
      async (time) => {
        await setUp(way, part);
        const { down, up } = breakers[part];
        if (time === 'is down before' || time === 'comes back') await down();
        const sending = send(way);
        if (time === 'dies during') {
          await waitFor(async () => (await isUnderWay()) || (await endsSoon(sending)), {
            what: 'the send being under way',
          });
          await down();
        }
        if (time === 'comes back') {
          await delay(1_000);
          await up();
        }
        const told = await sending;
        // What is in the chat at that moment is what is said.
        if (told.deliveredBy === 'spool') expect(shown()).toBe(0);
        if (told.state === 'delivered') expect(shown()).toBe(1);
        if (way === 'CLI') expect(told.code).toBe(EXIT_OF[told.state]);
        const groupMeWasThere = part !== 'GroupMe' || time === 'is up';
        if (groupMeWasThere && told.deliveredBy === 'fallback') expect(told.state).toBe('delivered');

        if (time === 'is down before' || time === 'dies during') await up();
        await drain(way);
        await waitFor(() => shown() > 0, { what: 'the message', timeoutMs: 30_000 });
        // A row for each call that GroupMe has seen, and for no other but those that never reached it.
        const isCall = ({ outcome }: Record<string, unknown>) => outcome !== 'expired';
        const isPosted = (row: Record<string, unknown>) => row.code === 202 && isCall(row);
        await waitFor(() => bed.auditRows().filter(isCall).length >= bed.calls(), {
          what: 'a row for each call',
        });
        const answered = bed.auditRows().filter((row) => isCall(row) && row.code !== 0);
        expect(answered.length).toBeLessThanOrEqual(bed.calls());
        // GroupMe's answer may have been lost with its connection, and then no row has it.
        const posted = bed.auditRows().filter(isPosted).length;
        if (groupMeWasThere) expect(posted).toBe(1);
        else expect(posted).toBeLessThanOrEqual(1);
        expect(shown()).toBe(1);
      },
      120_000,
    );
  });
});

/** Whether anything of the message has left the producer. */
async function isUnderWay(): Promise<boolean> {
  return (await readFile(bed.spoolFile, 'utf8').catch(() => '')).includes('"offered"') || shown() > 0;
}

async function endsSoon(sending: Promise<unknown>): Promise<boolean> {
  return Promise.race([sending.then(() => true), delay(5).then(() => false)]);
}
