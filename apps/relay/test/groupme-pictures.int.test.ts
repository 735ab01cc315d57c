import { waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;

beforeEach(async () => {
  // Neither fetched nor uploaded: no token is needed.
  world = await setUpRelay(inject('brokerUrl'), { GROUPME_ACCESS_TOKEN: '' });
});
afterEach(() => world.stop());

const PICTURE = 'https://i.groupme.com/750x1334.jpeg.0123456789abcdef0123456789abcdef';

it('a picture that GroupMe has already is attached as it is', async () => {
  await world.start();
  await world.publish('source.standard.x', { body: 'look', source: 'x', images: [PICTURE] });
  await waitFor(() => world.posts().length === 2, { what: 'text and picture' });
  const attached = world.simulator
    .messages()
    .flatMap(({ attachments }) => attachments)
    .map((attachment) => (attachment as { url?: string }).url);
  expect(attached).toEqual([PICTURE]);
  expect(world.events.messages.map(({ routingKey }) => routingKey)).not.toContain('source.groupme.img');
});

it.each([
  'http://i.groupme.com/1.jpeg.0123456789abcdef0123456789abcdef',
  'https://i.groupme.com.example.org/1.jpeg',
  'https://user@i.groupme.com/1.jpeg',
  'https://i.groupme.com:444/1.jpeg',
])('a picture elsewhere is none of GroupMe’s: %s', async (url) => {
  await world.start();
  await world.publish('source.standard.x', { body: 'look', source: 'x', images: [url] });
  await waitFor(() => world.posts().some((text) => text.includes('could not be uploaded')), {
    what: 'the notice',
  });
  expect(world.posts()).toHaveLength(2);
});
