import { waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'));
});
afterEach(() => world.stop());

const said = () => world.posts().map((text) => /"(\w+)/.exec(text)?.[1] ?? text);
const outcomes = () =>
  world.events.messages.map(({ json }) => {
    const { outcome, wbor_message_id } = json as { outcome: string; wbor_message_id: string };
    return `${wbor_message_id} ${outcome}`;
  });

async function publish(word: string, options: object, source = 'x'): Promise<void> {
  await world.publish(`source.standard.${source}`, { body: word, source, wbor_message_id: word }, options);
}

describe('a producer that asks for it', () => {
  it('hears that its message is about to be posted, and then that it is in the chat', async () => {
    await world.start();
    const { queue, replies } = await world.listenForReplies();
    const headers = { 'x-interim-reply': true, 'x-deliver-by': Date.now() + 60_000 };
    await publish('asked', { headers, replyTo: queue, correlationId: 'c' });
    await waitFor(() => replies.length === 2, { what: 'both replies' });
    expect(replies).toEqual([
      { correlationId: 'c', body: { status: 'posting', message_id: 'asked' } },
      { correlationId: 'c', body: { status: 'success', message_id: 'asked' } },
    ]);
    expect(said()).toEqual(['asked']);
  });

  it('hears it once, however often GroupMe refuses, and before the first call', async () => {
    await world.start();
    const { queue, replies } = await world.listenForReplies();
    world.simulator.setFault({ route: 'bots/post', times: 2, mode: 'status', status: 429 });
    const headers = { 'x-interim-reply': true, 'x-deliver-by': Date.now() + 60_000 };
    await publish('refused', { headers, replyTo: queue });
    await waitFor(() => replies.length === 2, { what: 'both replies', timeoutMs: 40_000 });
    expect(replies.map(({ body }) => (body as { status: string }).status)).toEqual(['posting', 'success']);
  });

  it('that is gone has nothing posted while it has a deadline, which it has told; others pass', async () => {
    await world.start();
    const deadline = Date.now() + 4_000;
    const headers = { 'x-interim-reply': true, 'x-deliver-by': deadline };
    await publish('gone', { headers, replyTo: `${world.namespace.queuePrefix}no-such-queue` });
    await publish('other', {}, 'y');
    await waitFor(() => said().includes('other'), { what: 'the other source' });
    await waitFor(() => outcomes().includes('gone expired'), { what: 'the end of it', timeoutMs: 20_000 });
    await publish('next', {});
    await waitFor(() => said().includes('next'), { what: 'the next message' });
    expect(said()).toEqual(['other', 'next']);
  });

  it('that comes back before its deadline is told then, and has its message posted', async () => {
    const relay = await world.start();
    const headers = { 'x-interim-reply': true, 'x-deliver-by': Date.now() + 30_000 };
    const absent = `${world.namespace.queuePrefix}late-queue`;
    await publish('waiting', { headers, replyTo: absent });
    await relay.waitForLog(({ msg }) => String(msg).startsWith('could not tell a producer'));
    const { replies } = await world.listenForReplies(absent);
    await waitFor(() => replies.length === 2, { what: 'both replies', timeoutMs: 20_000 });
    expect(replies.map(({ body }) => (body as { status: string }).status)).toEqual(['posting', 'success']);
    expect(said()).toEqual(['waiting']);
  });

  it('that is gone and has no deadline has its message posted: nobody else will', async () => {
    await world.start();
    await publish('endless', {
      headers: { 'x-interim-reply': true },
      replyTo: `${world.namespace.queuePrefix}no-such-queue`,
    });
    await waitFor(() => said().includes('endless'), { what: 'the post' });
  });
});

it('a producer that does not ask hears nothing but how it ended', async () => {
  await world.start();
  const { queue, replies } = await world.listenForReplies();
  await publish('old', { headers: { 'x-deliver-by': Date.now() + 60_000 }, replyTo: queue });
  await publish('no', { headers: { 'x-interim-reply': 'false' }, replyTo: queue });
  await waitFor(() => replies.length === 2, { what: 'both replies' });
  expect(new Set(replies.map(({ body }) => (body as { status: string }).status))).toEqual(
    new Set(['success']),
  );
});
