import { shownUid } from '@wbor/contracts';
import { runParked } from '@wbor/parked-cli/testing';
import { waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

const COPIES = 100;
const GOOD = 1_000;

let world: RelayUnderTest;

beforeAll(async () => {
  world = await setUpRelay(inject('brokerUrl'));
});

afterAll(() => world.stop());

interface ParkedLine {
  readonly id: string;
  readonly reason: string;
  readonly bytes: number;
}

function parked(...args: string[]): Promise<{ stdout: string; code: number }> {
  return runParked(world.env, ...args);
}

async function listParked(...args: string[]): Promise<ParkedLine[]> {
  const { stdout } = await parked('list', '--json', ...args);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ParkedLine);
}

/** Each kind of poison, and what it is parked for; `null` where the message is merely unusual, or not for us. */
const kinds: readonly {
  what: string;
  body: unknown;
  key?: string;
  reason: string | null;
  arrives?: boolean;
}[] = [
  { what: 'invalid JSON', body: '{"body": "cut off', reason: 'invalid-json' },
  { what: 'invalid UTF-8', body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), reason: 'invalid-utf8' },
  { what: 'a JSON array', body: [1, 2, 3], reason: 'invalid-message' },
  { what: 'a JSON string', body: '"just words"', reason: 'invalid-message' },
  { what: 'JSON null', body: 'null', reason: 'invalid-message' },
  { what: 'a body without words', body: { body: { html: 'a' }, source: 'bad' }, reason: 'invalid-message' },
  { what: 'a numeric body', body: { body: 42, source: 'odd' }, reason: null, arrives: true },
  {
    what: 'a numeric id',
    body: { body: 'a', source: 'odd', wbor_message_id: 42 },
    reason: null,
    arrives: true,
  },
  { what: 'an empty body', body: { body: '', source: 'bad' }, reason: 'empty' },
  { what: 'no bytes at all', body: Buffer.alloc(0), reason: 'invalid-json' },
  { what: 'a text of 500 KB', body: { body: 'x'.repeat(500_000), source: 'bad' }, reason: 'too-long' },
  { what: 'a body of 5 MB', body: { body: 'x'.repeat(5_000_000), source: 'bad' }, reason: 'too-large' },
  { what: 'an unknown key of Twilio', body: { CallSid: 'CA1' }, key: 'source.twilio.novelty', reason: null },
  {
    what: 'unknown fields and no headers',
    body: { body: 'odd but good', source: 'odd', colour: 'red', nested: { a: [1] } },
    key: 'source.standard.odd.one',
    reason: null,
    arrives: true,
  },
];

describe('poison', () => {
  it('never stops the good messages, and every bad one is listed', async () => {
    const relay = await world.start();
    const perGood = Math.ceil(GOOD / COPIES);
    let sent = 0;
    for (let round = 0; round < COPIES; round += 1) {
      for (const kind of kinds) {
        await world.publish(kind.key ?? 'source.standard.bad', kind.body);
      }
      for (let index = 0; index < perGood && sent < GOOD; index += 1) {
        sent += 1;
        await world.publish('source.standard.good', {
          body: `good ${sent}`,
          source: 'good',
          wbor_message_id: `good-${sent}`,
        });
      }
    }

    const odd = kinds.filter((kind) => kind.arrives).length * COPIES;
    await waitFor(() => world.posts().length >= GOOD + odd, {
      what: 'all good messages',
      timeoutMs: 120_000,
    });
    const good = world.posts().filter((text) => text.startsWith('"good '));
    expect(good).toEqual(
      Array.from(
        { length: GOOD },
        (_, index) => `"good ${index + 1}"\n---UID---\n${shownUid(`good-${index + 1}`)}\n---------`,
      ),
    );
    expect(world.posts()).toHaveLength(GOOD + odd);

    const expected = new Map<string, number>();
    for (const { reason } of kinds) if (reason) expected.set(reason, (expected.get(reason) ?? 0) + COPIES);
    const total = [...expected.values()].reduce((sum, count) => sum + count, 0);
    const parkedCount = async (): Promise<number> => {
      const text = await (await fetch(`${relay.healthUrl}/metrics`)).text();
      const counts = [...text.matchAll(/^relay_messages_parked_total\{.*\} (\d+)$/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    };
    await waitFor(async () => (await parkedCount()) >= total, {
      what: 'all bad messages parked',
      timeoutMs: 60_000,
    });
    const lines = await listParked();
    const found = new Map<string, number>();
    for (const { reason } of lines) found.set(reason, (found.get(reason) ?? 0) + 1);
    expect(found).toEqual(expected);

    // Twilio's other keys are dropped and counted.
    const metrics = await (await fetch(`${relay.healthUrl}/metrics`)).text();
    expect(metrics).toMatch(
      new RegExp(
        `relay_messages_received_total\\{queue="[^"]*relay.twilio",result="ignored"\\} ${COPIES}\\n`,
      ),
    );
    expect(relay.running).toBe(true);
    // No words of strangers in the log.
    expect(JSON.stringify(relay.logs())).not.toContain('just words');
  }, 240_000);
});

/** Every look at the list reads half a gigabyte of poison. */
describe('the operator', { timeout: 120_000 }, () => {
  it('shows a message byte for byte, refuses a wrong id, and discards', async () => {
    const [first] = await listParked('--reason', 'invalid-utf8');
    if (!first) throw new Error('nothing is parked');
    const sent = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]);
    const shown = await parked('show', first.id);
    expect(shown.stdout).toContain('invalid-utf8');
    expect(shown.stdout).toContain(sent.toString('base64'));
    const asJson = JSON.parse((await parked('show', first.id, '--json')).stdout) as { body_base64: string };
    expect(Buffer.from(asJson.body_base64, 'base64')).toEqual(sent);
    expect(await parked('show', 'no-such-id')).toMatchObject({ code: 1 });
    expect(await parked('discard', first.id)).toMatchObject({ code: 0 });
    expect(await listParked('--reason', 'invalid-utf8')).toHaveLength(COPIES - 1);
  });

  it('replays a message to where it came from, and what is still bad is parked again', async () => {
    const { stdout } = await parked('replay', '--reason', 'empty');
    expect(stdout).toContain(`${COPIES} messages replayed`);
    await waitFor(async () => (await listParked('--reason', 'empty')).length === COPIES, {
      what: 'being parked again',
    });
  });

  it('replays what is good by now', async () => {
    world.simulator.setFault({ route: 'bots/post', times: 1, mode: 'status', status: 400 });
    await world.publish('source.twilio.sms.incoming', { Body: 'second chance', wbor_message_id: 'again-1' });
    const [line] = await waitFor(
      async () => {
        const listed = await listParked('--reason', 'rejected');
        return listed.length === 1 ? listed : undefined;
      },
      { what: 'being parked' },
    );
    const post = `"second chance"\n---UID---\n${shownUid('again-1')}\n---------`;
    expect(world.posts()).not.toContain(post);
    await parked('replay', String(line?.id));
    await waitFor(() => world.posts().includes(post), {
      what: 'the replay',
    });
    expect(await listParked('--reason', 'rejected')).toEqual([]);
  });

  it('replays the rest of a message whose deadline has passed meanwhile: somebody wants it posted', async () => {
    world.simulator.setFault({ route: 'bots/post', skip: 1, times: 1, mode: 'status', status: 400 });
    const deliverBy = Date.now() + 1_500;
    await world.publish(
      'source.standard',
      { body: `${'first '.repeat(200)}second`, source: 'x', wbor_message_id: 'late-1' },
      { headers: { 'x-deliver-by': deliverBy } },
    );
    const [line] = await waitFor(
      async () => {
        const listed = await listParked('--reason', 'rejected');
        return listed.length === 1 ? listed : undefined;
      },
      { what: 'being parked' },
    );
    await waitFor(() => Date.now() > deliverBy, { what: 'the deadline to pass' });
    await parked('replay', String(line?.id));
    await waitFor(() => world.posts().some((text) => text.includes('second')), { what: 'the rest' });
  });
});
