import { moderatorCallbacksQueue, moderatorParkedQueue, queueName } from '@wbor/contracts';
import { runParked } from '@wbor/parked-cli/testing';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { createTestBed, eventually, type TestBed } from './test-bed.ts';

let bed: TestBed;
beforeEach(async () => {
  bed = await createTestBed();
});
afterEach(() => bed.dispose());

async function parked(...args: string[]): Promise<string> {
  const env = {
    RABBITMQ_URL: inject('brokerUrl'),
    RABBITMQ_EXCHANGE: bed.namespace.exchange,
    QUEUE_PREFIX: bed.namespace.queuePrefix,
  };
  const { stdout } = await runParked(env, ...args, '--queue', queueName(moderatorParkedQueue, bed.namespace));
  return stdout;
}

it('lists what the moderator parked with queue, time and error, and replays it to where it came from', async () => {
  const moderator = await bed.launch();
  await bed.deliver({ text: '!ban 0a1b2c3d' });
  const list = async () => JSON.parse((await parked('list', '--json')) || '{}') as Record<string, unknown>;
  const described = {
    reason: 'no-callback',
    error: expect.stringMatching(/^invalid callback: id/),
    queue: queueName(moderatorCallbacksQueue, bed.namespace),
    routingKey: 'source.groupme.callback',
    parkedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  };
  await eventually(async () => expect(await list()).toMatchObject(described));
  await eventually(() =>
    expect(moderator.notices()).toEqual([
      'parked messages: 1, the oldest for less than a minute; see parked list --queue moderator.parked',
    ]),
  );
  expect(await parked('replay', '--all')).toContain('1 message replayed');
  await eventually(() => expect(moderator.logged('parked an invalid callback')).toHaveLength(2));
  // Still none, so it is parked again, and no worse described than before.
  await eventually(async () => expect(await list()).toMatchObject(described));
});
