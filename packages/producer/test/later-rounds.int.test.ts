import { writeFile } from 'node:fs/promises';
import { postEvent } from '@wbor/contracts';
import { connectAmqp, publishRaw, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { encodeRecord, type SpoolRecord } from '../src/spool/records.ts';
import { type Bed, makeBed, SOURCE } from './bed.ts';

let bed: Bed;

beforeEach(async () => {
  bed = await makeBed(inject('brokerUrl'));
});

afterEach(() => bed.end());

const ID = 'mains-17';
const MINUTE_MS = 60_000;
const words = () => bed.posts().map((text) => /"([^"]*)"/.exec(text)?.[1]);
const ago = (minutes: number) => Date.now() - minutes * MINUTE_MS;
const nothingWaits = { messages: 0 };

/** What a process has left that was killed after it had accepted a message, so many minutes ago. */
async function leave(minutesAgo: number, ...more: SpoolRecord[]): Promise<void> {
  const message = {
    id: ID,
    at: ago(minutesAgo),
    source: SOURCE,
    body: 'Mains lost',
    images: [],
    urgent: true,
  };
  await writeFile(bed.spoolFile, [{ t: 'accepted', message } as const, ...more].map(encodeRecord).join(''));
}

const offered = (minutesAgo: number, by?: number): SpoolRecord => ({
  t: 'offered',
  id: ID,
  at: ago(minutesAgo),
  by,
});

/** The broker keeps for the relay what it is given, and no relay is there. */
async function stopRelay(): Promise<void> {
  await (await bed.startRelay()).stop();
}

function fallback() {
  const { accessToken, botId } = bed.simulator;
  return { botId, apiUrl: bed.toGroupMe.url(bed.simulator.apiUrl), groupmeAccessToken: accessToken };
}

describe('in a later round', () => {
  it('what was never offered is posted by the producer when the relay is silent, and not by the relay after it', async () => {
    await stopRelay();
    await leave(1);
    const producer = bed.producer({ clockMarginMs: 300 });
    expect(await producer.drain()).toMatchObject(nothingWaits);
    expect(words()).toEqual(['Mains lost']);
    await bed.startRelay();
    const outcomes = () => bed.auditRows().map(({ outcome }) => outcome);
    await waitFor(() => outcomes().includes('expired'), { what: 'the word that it was late' });
    expect(words()).toEqual(['Mains lost']);
  });

  it('it is left to a relay that is there', async () => {
    await bed.startRelay();
    await leave(1, offered(1), { t: 'ours', id: ID });
    expect(await bed.producer().drain()).toMatchObject({ messages: 0, logs: 0 });
    expect(words()).toEqual(['Mains lost']);
    await waitFor(() => bed.auditRows().length > 0, { what: 'the row' });
    expect(bed.auditRows()).toMatchObject([{ outcome: 'delivered', wbor_message_id: ID }]);
  });

  it('what was taken back, and GroupMe did not take then, is posted once it does', async () => {
    await stopRelay();
    await bed.toGroupMe.cut();
    const producer = bed.producer({ clockMarginMs: 300 });
    const message = { body: 'Mains lost', waitMs: 500, timeoutMs: 7_000 };
    expect(await producer.send(message)).toMatchObject({ deliveredBy: 'spool', state: 'waiting' });
    await bed.toGroupMe.heal();
    expect(await producer.drain()).toMatchObject(nothingWaits);
    expect(words()).toEqual(['Mains lost']);
  });

  it('what was offered stays the relay’s, however silent it is', async () => {
    await stopRelay();
    await leave(1, offered(1));
    expect(await bed.producer().drain()).toMatchObject(nothingWaits);
    expect(bed.calls()).toBe(0);
    await bed.startRelay();
    await waitFor(() => bed.posts().length > 0, { what: 'the post' });
    expect(words()).toEqual(['Mains lost']);
  });
});

describe('what was offered so long ago that the relay may have forgotten it', () => {
  /** The message is in the chat, and neither relay nor gateway knows of it. */
  async function postAsOthers(): Promise<void> {
    const spoolFile = `${bed.folder}/other`;
    await bed.producer({ spoolFile }).send({ body: 'Mains lost', wborMessageId: ID });
    expect(words()).toEqual(['Mains lost']);
  }

  it('is looked for in the chat, and not offered again when it is there', async () => {
    await postAsOthers();
    await bed.startRelay();
    await leave(10, offered(10));
    expect(await bed.producer({ fallback: fallback() }).drain()).toMatchObject(nothingWaits);
    await postAfterIt();
    expect(words()).toEqual(['Mains lost', 'next']);
  });

  it('waits while the chat cannot be read, and is offered again when it is not there', async () => {
    await bed.startRelay();
    await leave(10, offered(10));
    bed.simulator.setFault({ route: 'messages', mode: 'reset' });
    const producer = bed.producer({ fallback: fallback() });
    expect(await producer.drain()).toMatchObject({ messages: 1 });
    expect(bed.calls()).toBe(0);
    bed.simulator.clearFaults();
    expect(await producer.drain()).toMatchObject(nothingWaits);
    await postAfterIt();
    expect(words()).toEqual(['Mains lost', 'next']);
  });

  /** What is offered before this is posted before it: they have one source. */
  async function postAfterIt(): Promise<void> {
    await bed.producer({ spoolFile: `${bed.folder}/next` }).send({ body: 'next' });
    await waitFor(() => words().includes('next'), { what: 'the next message' });
  }
});

describe('over HTTP the gateway is asked what became of an offer before it is repeated', () => {
  /** What the relay told the audit minutes ago, and the gateway has heard. */
  async function hear(outcome: 'delivered' | 'expired'): Promise<void> {
    const broker = await connectAmqp(inject('brokerUrl'));
    bed.onEnd(() => broker.close());
    const event = { ...postEvent.example, source: SOURCE, wbor_message_id: ID, outcome };
    const channel = await broker.createConfirmChannel();
    await publishRaw(channel, bed.exchange, postEvent.key, Buffer.from(JSON.stringify(event)));
    const { GATEWAY_URL, GATEWAY_TOKEN } = bed.httpEnvironment;
    const headers = { authorization: `Bearer ${GATEWAY_TOKEN}` };
    const heard = async () => (await fetch(`${GATEWAY_URL}/send/${ID}`, { headers })).ok;
    await waitFor(heard, { what: 'the gateway to have heard of it' });
  }

  it('and what was delivered is done', async () => {
    await bed.startGateway();
    await bed.startRelay();
    await hear('delivered');
    await leave(10, offered(10, ago(10)));
    const producer = bed.producer({ over: 'http' });
    expect(await producer.drain()).toMatchObject(nothingWaits);
    await producer.send({ body: 'next' });
    await waitFor(() => words().includes('next'), { what: 'the next message' });
    expect(words()).toEqual(['next']);
  });

  it('and what has expired is the producer’s to post', async () => {
    await bed.startGateway();
    await stopRelay();
    await hear('expired');
    await leave(10, offered(10, ago(10)));
    expect(await bed.producer({ over: 'http', clockMarginMs: 300 }).drain()).toMatchObject(nothingWaits);
    expect(words()).toEqual(['Mains lost']);
  });
});
