import { waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

const FLOOD = 300;

let world: RelayUnderTest;

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'), {
    GROUPME_RATE_PER_SECOND: '2',
    GROUPME_MAX_RATE_PER_SECOND: '2',
  });
});

afterEach(() => world.stop());

/** The word in quotes at the head of each post. */
function said(): string[] {
  return world.posts().map((text) => /"(\w+)/.exec(text)?.[1] ?? text);
}

function publish(source: string, body: string): Promise<void> {
  return world.publish(`source.standard.${source}`, { body, source, wbor_message_id: body });
}

describe('a source that waits behind a flood of another', () => {
  it('has its message posted within three posts, and each source keeps its order', async () => {
    const relay = await world.start();
    for (let number = 0; number < FLOOD; number += 1) await publish('flood', `flood${number}`);
    await waitFor(() => relay.logs().filter(({ msg }) => msg === 'planned').length === FLOOD, {
      what: 'the whole flood in the outbox',
      timeoutMs: 30_000,
    });
    const before = said().length;
    await publish('other', 'first');
    await publish('third', 'apart');
    await publish('other', 'second');
    await waitFor(() => said().includes('second'), { what: 'the other messages', timeoutMs: 20_000 });
    const posts = said();
    expect(before).toBeLessThan(FLOOD - 20);
    // One post may be on its way already.
    expect(posts.indexOf('first') - before).toBeLessThanOrEqual(2);
    expect(posts.indexOf('apart') - before).toBeLessThanOrEqual(3);
    expect(posts.indexOf('second') - posts.indexOf('first')).toBeLessThanOrEqual(3);
    const flood = posts.filter((word) => word.startsWith('flood'));
    expect(flood).toEqual(flood.map((_, number) => `flood${number}`));
  });

  it('still has its turn when another relay takes over', async () => {
    const first = await world.start();
    for (let number = 0; number < 60; number += 1) await publish('flood', `flood${number}`);
    await publish('other', 'first');
    await waitFor(() => said().includes('first'), { what: 'the first message', timeoutMs: 20_000 });
    await first.kill();
    await world.start();
    const before = said().length;
    await publish('other', 'second');
    await waitFor(() => said().includes('second'), { what: 'the second message', timeoutMs: 20_000 });
    const posts = said();
    expect(posts.indexOf('second') - before).toBeLessThanOrEqual(3);
    const flood = posts.filter((word) => word.startsWith('flood'));
    expect(flood).toEqual(flood.map((_, number) => `flood${number}`));
  });
});
