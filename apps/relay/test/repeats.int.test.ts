import { serveBytes, startHttpServer, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { ONE_PIXEL_PNG } from './golden-cases.ts';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'));
});

afterEach(() => world.stop());

const MESSAGE = { body: 'Mains lost', source: 'ups', wbor_message_id: 'id' };

async function publishNext(): Promise<void> {
  await world.publish('source.standard', { body: 'next', source: 'ups', wbor_message_id: 'next' });
  await waitFor(() => world.posts().some((text) => text.includes('next')), { what: 'the next message' });
}

function texts(): string[] {
  return world.posts().map((text) => /^"(.*)"/.exec(text)?.[1] ?? '[picture]');
}

describe('a message that its producer sends twice under one AMQP id', () => {
  it('is posted once, and answered twice', async () => {
    await world.start();
    const { queue, replies } = await world.listenForReplies();
    for (const correlationId of ['first', 'second']) {
      await world.publish('source.standard', MESSAGE, {
        messageId: 'producer-1',
        replyTo: queue,
        correlationId,
      });
    }
    await waitFor(() => replies.length === 2, { what: 'both replies' });
    // In either order: the second copy is known for a repeat while the first one's reply is on its way.
    expect(new Map(replies.map(({ correlationId, body }) => [correlationId, body]))).toEqual(
      new Map(
        ['first', 'second'].map((correlationId) => [correlationId, { status: 'success', message_id: 'id' }]),
      ),
    );
    await publishNext();
    expect(texts()).toEqual(['Mains lost', 'next']);
  });

  it('is posted once when another relay gets the second copy, its picture too', async () => {
    const web = await startHttpServer({ 'GET /picture': serveBytes(ONE_PIXEL_PNG, 'image/png') });
    world.onStop(() => web.dispose());
    const message = { ...MESSAGE, images: [`${web.url}/picture`] };
    const first = await world.start();
    await world.publish('source.standard', message, { messageId: 'producer-1' });
    await waitFor(() => world.posts().length === 2, { what: 'the text and the picture' });
    await first.stop();
    await world.start();
    await world.publish('source.standard', message, { messageId: 'producer-1' });
    await publishNext();
    expect(texts()).toEqual(['Mains lost', '[picture]', 'next']);
  });

  it('is posted twice when the copies differ', async () => {
    await world.start();
    await world.publish('source.standard', MESSAGE, { messageId: 'producer-1' });
    await world.publish('source.standard', { ...MESSAGE, body: 'Mains back' }, { messageId: 'producer-1' });
    await publishNext();
    expect(texts()).toEqual(['Mains lost', 'Mains back', 'next']);
  });
});

describe('the same words under two AMQP ids', () => {
  it('are posted twice: that was on purpose', async () => {
    await world.start();
    await world.publish('source.standard', MESSAGE, { messageId: 'producer-1' });
    await world.publish('source.standard', MESSAGE, { messageId: 'producer-2' });
    await publishNext();
    expect(texts()).toEqual(['Mains lost', 'Mains lost', 'next']);
  });
});
