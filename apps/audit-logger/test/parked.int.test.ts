import { auditEventsQueue, auditParkedQueue, postEvent, queueName } from '@wbor/contracts';
import { runParked } from '@wbor/parked-cli/testing';
import { connectAmqp } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { createTestBed, eventually, postBody, type TestBed } from './test-bed.ts';

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
  const { stdout } = await runParked(env, ...args, '--queue', queueName(auditParkedQueue, bed.namespace));
  return stdout;
}

/** Has the broker give up on the next event and park it, as it does at the delivery limit. */
async function giveUp(): Promise<void> {
  const connection = await connectAmqp(inject('brokerUrl'));
  bed.onDispose(() => connection.close());
  const channel = await connection.createChannel();
  // The first look may come too early.
  await eventually(async () => {
    const event = await channel.get(queueName(auditEventsQueue, bed.namespace));
    if (!event) throw new Error('there is no event');
    channel.nack(event, false, false);
  });
  // A channel that is closed sooner may take the event back.
  await eventually(async () => expect(await parked('list')).toContain('1 message parked'));
}

it('stores an event that was parked by the broker and replayed, even the second time', async () => {
  await bed.broker.publish(postEvent, postBody(1));
  await giveUp();
  expect(await parked('replay', '--all')).toContain('1 message replayed');
  await giveUp();
  expect(await parked('replay', '--all')).toContain('1 message replayed');

  await bed.launch().started;
  await bed.waitForRows('groupme_posts', 1);
  expect(await bed.count('audit_rejected')).toBe(0);
  expect(await parked('list')).toContain('0 messages parked');
});

it('says that there are parked events, also those that the broker parked', async () => {
  await bed.broker.publish(postEvent, postBody(1));
  await giveUp();
  const auditLogger = bed.launch();
  await auditLogger.started;
  await eventually(() =>
    expect(auditLogger.notices()).toEqual([
      'parked messages: 1, the oldest for less than a minute; see parked list --queue audit-logger.parked',
    ]),
  );
  expect(auditLogger.faults()).toEqual([]);
});
