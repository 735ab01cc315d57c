import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { type Bed, makeBed } from './bed.ts';

let bed: Bed;

beforeEach(async () => {
  bed = await makeBed(inject('brokerUrl'));
});

afterEach(() => bed.end());

const MESSAGE = { body: 'Mains lost', wborMessageId: 'mains-17' };
const REUSED = { name: 'ProducerError', code: 'ID_REUSED' };
const words = () => bed.posts().map((text) => /"([^"]*)"/.exec(text)?.[1]);

it('the same words under one id are one message, and each send hears the same', async () => {
  const producer = bed.producer();
  const results = await Promise.all([producer.send(MESSAGE), producer.send({ ...MESSAGE, urgent: true })]);
  results.push(await producer.send(MESSAGE));
  expect(results[0]).toMatchObject({ deliveredBy: 'fallback', state: 'delivered', calls: [{ code: 202 }] });
  expect(results.slice(1)).toEqual([results[0], results[0]]);
  expect(words()).toEqual(['Mains lost']);
});

it('what this process has settled is not posted again under its id', async () => {
  await (await bed.startRelay()).stop();
  const producer = bed.producer({ clockMarginMs: 300 });
  const result = await producer.send({ ...MESSAGE, waitMs: 500 });
  expect(result).toMatchObject({ deliveredBy: 'fallback', state: 'delivered' });
  // Nothing of it is in the spool.
  expect(await producer.status()).toMatchObject({ messages: 0, logs: 0 });
  expect(await readFile(bed.spoolFile, 'utf8')).toBe('');
  expect(await producer.send({ ...MESSAGE, waitMs: 500 })).toEqual(result);
  await expect(producer.send({ ...MESSAGE, body: 'Mains back' })).rejects.toMatchObject(REUSED);
  expect(words()).toEqual(['Mains lost']);
});

it('other words under it are refused, while it waits and when it is settled: nothing of them is written or posted', async () => {
  await bed.toRelay.cut();
  await bed.toGroupMe.cut();
  const producer = bed.producer();
  expect(await producer.send({ ...MESSAGE, timeoutMs: 1_000 })).toMatchObject({ state: 'waiting' });
  const others = [
    { ...MESSAGE, body: 'Mains back' },
    { ...MESSAGE, images: ['https://example.org/a.png'] },
  ];
  for (const other of others) await expect(producer.send(other)).rejects.toMatchObject(REUSED);
  expect(await readFile(bed.spoolFile, 'utf8')).not.toMatch(/Mains back|example/);
  await bed.toGroupMe.heal();
  expect(await producer.drain()).toMatchObject({ messages: 0 });
  for (const other of others) await expect(producer.send(other)).rejects.toMatchObject(REUSED);
  expect(words()).toEqual(['Mains lost']);
});

it('of two that are given at once with other words, one is refused', async () => {
  const producer = bed.producer();
  // The disk is busy with another one.
  const all = [{ body: 'Door open' }, MESSAGE, { ...MESSAGE, body: 'Mains back' }].map((it) =>
    producer.send(it),
  );
  const [, first, second] = await Promise.allSettled(all);
  expect(first).toMatchObject({ status: 'fulfilled', value: { state: 'delivered' } });
  expect(second).toMatchObject({ status: 'rejected', reason: REUSED });
  expect(words()).toEqual(['Door open', 'Mains lost']);
});

it('what waits in the spool of a process that has ended is the message that the next one gives again', async () => {
  await bed.toRelay.cut();
  await bed.toGroupMe.cut();
  const ended = bed.producer();
  await ended.send({ ...MESSAGE, timeoutMs: 1_000 });
  await ended.close();
  await bed.toGroupMe.heal();
  const next = bed.producer();
  await expect(next.send({ ...MESSAGE, body: 'Mains back' })).rejects.toMatchObject(REUSED);
  expect(await next.send(MESSAGE)).toMatchObject({
    deliveredBy: 'fallback',
    state: 'delivered',
    spooled: true,
  });
  expect(words()).toEqual(['Mains lost']);
});

it('copies that two processes have accepted at once are posted once by whoever has both', async () => {
  await bed.toRelay.cut();
  await bed.toGroupMe.cut();
  const [first, second] = [bed.producer(), bed.producer()];
  await Promise.all([first, second].map((it) => it.send({ ...MESSAGE, timeoutMs: 1_000 })));
  await first.close();
  expect(await second.status()).toMatchObject({ messages: 1 });
  await bed.toGroupMe.heal();
  expect(await second.drain()).toMatchObject({ messages: 0 });
  await second.close();
  expect(await bed.producer().drain()).toMatchObject({ messages: 0 });
  expect(words()).toEqual(['Mains lost']);
});
