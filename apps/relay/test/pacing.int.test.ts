import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'));
});

afterEach(() => world.stop());

async function readPace(healthUrl: string): Promise<number> {
  const metrics = await (await fetch(`${healthUrl}/metrics`)).text();
  return Number(/^relay_pace_per_second (\S+)$/m.exec(metrics)?.[1]);
}

describe('a GroupMe that refuses what comes too fast', () => {
  it('gets everything in order, and after the first third refuses less than one in twenty', async () => {
    const relay = await world.start({ GROUPME_RATE_PER_SECOND: '20', GROUPME_MAX_RATE_PER_SECOND: '80' });
    expect(await readPace(relay.healthUrl)).toBe(20);
    // One post in 100 ms, as one in 2 s would be to a relay that starts at 1 per second.
    world.simulator.setFault({ route: 'bots/post', mode: 'rate-limit', perSeconds: 0.1, posts: 1 });
    const bodies = Array.from({ length: 300 }, (_, index) => `message ${index + 1}`);
    for (const [index, body] of bodies.entries()) {
      await world.publish('source.standard', { body, source: 'x', wbor_message_id: `id-${index + 1}` });
    }
    await world.simulator.waitFor(({ messages }) => messages.length >= bodies.length, 120_000);

    expect(world.posts().map((text) => /message \d+/.exec(text)?.[0])).toEqual(bodies);
    const statuses = world.simulator.requests().map((request) => request.status);
    expect(statuses).toContain(429);
    const late = statuses.slice(Math.ceil(statuses.length / 3));
    expect(late.filter((status) => status === 429).length / late.length).toBeLessThan(0.05);
    const pace = await readPace(relay.healthUrl);
    expect(pace).toBeGreaterThan(2);
    expect(pace).toBeLessThan(15);
  }, 150_000);
});

it('shows that there is no limit', async () => {
  const relay = await world.start({ GROUPME_RATE_PER_SECOND: '0' });
  const metrics = await (await fetch(`${relay.healthUrl}/metrics`)).text();
  expect(metrics).toMatch(/^relay_pace_per_second \+Inf$/m);
});
