import { readFile, writeFile } from 'node:fs/promises';
import { connectAmqp, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Bed, makeBed, SOURCE } from './bed.ts';

let bed: Bed;

beforeEach(async () => {
  bed = await makeBed(inject('brokerUrl'));
});

afterEach(() => bed.end());

const words = () => bed.posts().map((text) => /"([^"]*)"/.exec(text)?.[1]);
const rows = (count: number) =>
  waitFor(() => bed.auditRows().length >= count && bed.auditRows(), { what: `${count} rows of the audit` });

describe.each(['amqp', 'http'] as const)('over %s', (over) => {
  beforeEach(async () => {
    if (over === 'http') await bed.startGateway();
  });

  it('the relay posts it', async () => {
    await bed.startRelay();
    const producer = bed.producer({ over });
    const result = await producer.send({ body: 'Mains lost' });
    expect(result).toMatchObject({ deliveredBy: 'relay', spooled: true });
    await waitFor(() => bed.posts().length === 1, { what: 'the post' });
    expect(words()).toEqual(['Mains lost']);
    expect(await rows(1)).toMatchObject([{ wbor_message_id: result.wborMessageId, outcome: 'delivered' }]);
    expect(await producer.status()).toMatchObject({ messages: 0, logs: 0 });
    expect(await readFile(bed.spoolFile, 'utf8')).toBe('');
  });

  it('without relay and broker it posts by itself in the same look, and the audit hears of each part later', async () => {
    const relay = await bed.startRelay();
    const body = 'A storm is coming. '.repeat(100).trim();
    const byRelay = bed.producer({ over });
    const { wborMessageId } = await byRelay.send({ body });
    await waitFor(() => bed.posts().length === 3, { what: 'the posts of the relay' });
    await relay.stop();
    await bed.toRelay.cut();
    const result = await byRelay.send({ body });
    expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'delivered', spooled: true });
    expect(result.calls?.map(({ code, part }) => [part, code])).toEqual([
      [1, 202],
      [2, 202],
      [3, 202],
    ]);
    const [first, second] = [wborMessageId, result.wborMessageId].map((id) => id.slice(0, 8));
    expect(bed.posts().slice(3)).toEqual(
      bed
        .posts()
        .slice(0, 3)
        .map((text) => text.replace(first ?? '', second ?? '')),
    );
    if (over === 'http') return;
    await bed.toRelay.heal();
    await bed.startRelay();
    expect(await byRelay.drain()).toMatchObject({ messages: 0, logs: 0 });
    const own = (await rows(6)).filter(({ outcome }) => outcome === 'already-sent');
    expect(own.map(({ code, part, source }) => [part, code, source])).toEqual([
      [1, 202, SOURCE],
      [2, 202, SOURCE],
      [3, 202, SOURCE],
    ]);
    expect(bed.posts()).toHaveLength(6);
  });

  it('with everything down it waits in the spool, also for another process, and is posted once', async () => {
    await bed.toRelay.cut();
    await bed.toGroupMe.cut();
    const producer = bed.producer({ over });
    const result = await producer.send({ body: 'Mains lost', timeoutMs: 2_000 });
    expect(result).toMatchObject({ deliveredBy: 'spool', state: 'waiting', spooled: true });
    expect(await producer.status()).toMatchObject({ messages: 1 });
    await producer.close();
    await bed.toRelay.heal();
    await bed.toGroupMe.heal();
    await bed.startRelay();
    expect(await bed.producer({ over }).drain()).toMatchObject({ messages: 0 });
    await waitFor(() => bed.posts().length > 0, { what: 'the post' });
    expect(words()).toEqual(['Mains lost']);
  });
});

describe('a broker that has it and no relay', () => {
  it('is left alone after the deadline; a relay that comes later does not post it again', async () => {
    const relay = await bed.startRelay();
    await relay.stop();
    const producer = bed.producer({ clockMarginMs: 300 });
    const result = await producer.send({ body: 'Mains lost', waitMs: 1_000 });
    expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'delivered' });
    await bed.startRelay();
    const outcomes = (await rows(2)).map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual(['already-sent', 'expired']);
    expect(words()).toEqual(['Mains lost']);
  });

  it.each([4_000, 7_000])(
    'is not waited for so long that no own post is left of %i ms',
    async (timeoutMs) => {
      const relay = await bed.startRelay();
      await relay.stop();
      const result = await bed.producer().send({ body: 'Mains lost', timeoutMs });
      expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'delivered' });
      expect(words()).toEqual(['Mains lost']);
    },
  );

  /** A relay of the test: says that it begins, and after the deadline how that ended. */
  async function beginAndSay(last: object): Promise<void> {
    const broker = await connectAmqp(inject('brokerUrl'));
    bed.onEnd(() => broker.close());
    const channel = await broker.createChannel();
    await channel.assertExchange(bed.exchange, 'topic', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, bed.exchange, 'source.standard.#');
    await channel.consume(queue, (message) => {
      if (message === null) return;
      const { correlationId, headers, replyTo } = message.properties;
      if (replyTo === undefined) return;
      expect(headers).toMatchObject({ 'x-interim-reply': true, 'x-deliver-by': expect.any(Number) });
      const say = (word: object) =>
        channel.sendToQueue(replyTo, Buffer.from(JSON.stringify(word)), { correlationId });
      say({ status: 'posting' });
      setTimeout(() => say(last), 1_500);
    });
  }

  it('that posts nothing before it says so is waited for, however long that takes', async () => {
    await beginAndSay({ status: 'success' });
    const result = await bed.producer({ clockMarginMs: 200 }).send({ body: 'Mains lost', waitMs: 500 });
    expect(result).toMatchObject({ deliveredBy: 'relay', state: 'delivered' });
    expect(bed.posts()).toEqual([]);
  });

  it('and takes it back, since it is late after all, leaves the post to the producer', async () => {
    await beginAndSay({ status: 'failed', code: 408, reason: 'the deadline passed' });
    const result = await bed.producer({ clockMarginMs: 200 }).send({ body: 'Mains lost', waitMs: 500 });
    expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'delivered' });
    expect(words()).toEqual(['Mains lost']);
  });

  it.each([
    ['fails in the middle', 400, 'failed'],
    ['gives it up for a fault of its own', 0, 'in-doubt'],
  ])('and %s is not followed by a post of the producer', async (_what, code, state) => {
    await beginAndSay({ status: 'failed', code, reason: 'by the test' });
    const result = await bed.producer({ clockMarginMs: 200 }).send({ body: 'Mains lost', waitMs: 500 });
    expect(result).toMatchObject({ deliveredBy: 'relay', state });
    expect(bed.posts()).toEqual([]);
  });
});

describe('an exchange that nobody listens to', () => {
  it('does not hold up the post', async () => {
    const result = await bed.producer().send({ body: 'Mains lost' });
    expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'delivered' });
    expect(result.reason).toMatch(/no queue takes/);
  });
});

describe('a post of its own', () => {
  beforeEach(() => bed.toRelay.cut());

  it('is repeated when GroupMe refuses, after the pause that it asks for', async () => {
    bed.simulator.setFault({ route: 'bots/post', mode: 'status', status: 429, retryAfter: 1, times: 1 });
    const result = await bed.producer().send({ body: 'Mains lost' });
    expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'delivered' });
    expect(result.calls?.map(({ outcome }) => outcome)).toEqual(['refused', 'delivered']);
    expect(words()).toEqual(['Mains lost']);
  });

  it('that is in doubt is not repeated, and said to be in doubt', async () => {
    bed.simulator.setFault({ route: 'bots/post', mode: 'accept-then-reset', times: 1 });
    const producer = bed.producer();
    const result = await producer.send({ body: 'Mains lost' });
    expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'in-doubt' });
    expect(await producer.status()).toMatchObject({ messages: 0, logs: 1, inDoubt: 1 });
    expect(words()).toEqual(['Mains lost']);
  });

  it.each(['accept-then-reset', 'reset'] as const)(
    'that is in doubt (%s) is looked for with a token',
    async (mode) => {
      bed.simulator.setFault({ route: 'bots/post', mode, times: 1 });
      const { botId } = bed.simulator;
      const apiUrl = bed.toGroupMe.url(bed.simulator.apiUrl);
      const fallback = { botId, apiUrl, groupmeAccessToken: bed.simulator.accessToken };
      const result = await bed.producer({ fallback }).send({ body: 'Mains lost' });
      expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'delivered' });
      expect(words()).toEqual(['Mains lost']);
    },
  );

  it('that is in doubt while the chat cannot be read is looked for once it can be, and repeated if it is not there', async () => {
    bed.simulator.setFault(
      { route: 'bots/post', mode: 'status', status: 503, times: 1 },
      { route: 'messages', mode: 'reset' },
    );
    const { accessToken, botId } = bed.simulator;
    const apiUrl = bed.toGroupMe.url(bed.simulator.apiUrl);
    const producer = bed.producer({ fallback: { botId, apiUrl, groupmeAccessToken: accessToken } });
    const result = await producer.send({ body: 'Mains lost' });
    expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'in-doubt', calls: [{ code: 503 }] });
    expect(await producer.drain()).toMatchObject({ messages: 1 });
    expect(words()).toEqual([]);
    bed.simulator.clearFaults();
    expect(await producer.drain()).toMatchObject({ messages: 0, inDoubt: 0 });
    expect(words()).toEqual(['Mains lost']);
  });

  it('says that pictures are missing', async () => {
    await bed.producer().send({ body: 'Mains lost', images: ['https://example.org/a.png'] });
    expect(bed.posts().join('\n')).toContain(
      'A media item is not shown: the relay was not there to attach it.',
    );
  });

  it('is made where the spool cannot be written', async () => {
    await writeFile(`${bed.folder}/a-file`, '');
    const producer = bed.producer({ spoolFile: `${bed.folder}/a-file/spool` });
    const result = await producer.send({ body: 'Mains lost' });
    expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'delivered', spooled: false });
    await bed.toGroupMe.cut();
    await expect(producer.send({ body: 'Lost', timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'NOT_ACCEPTED',
    });
  });
});

it('no secret is in an error, in a result or in the spool', async () => {
  const rabbitmqUrl = 'amqp://user:pass-word-1@127.0.0.1:1/vhost';
  await bed.toGroupMe.cut();
  const producer = bed.producer({ rabbitmqUrl });
  const result = await producer.send({ body: 'Mains lost', timeoutMs: 1_000 });
  const said = [JSON.stringify(result), await readFile(bed.spoolFile, 'utf8')].join();
  for (const secret of ['pass-word-1', bed.simulator.botId]) expect(said).not.toContain(secret);
});
