import { HANDED_OUT_BEFORE } from '@wbor/amqp';
import {
  auditParkedQueue,
  moderatorParkedQueue,
  PARKED_HEADERS,
  queueName,
  queuesParkedIn,
  relayParkedQueue,
} from '@wbor/contracts';
import { describe, expect, it } from 'vitest';
import { whyNotReplayed } from './parked-queue.ts';
import { readParked } from './read-parked.ts';

const namespace = { queuePrefix: 'test.' };
const originsOf = (queue: { readonly name: string }) =>
  queuesParkedIn(queueName(queue, namespace), namespace);
const relayQueues = originsOf(relayParkedQueue);
const read = (headers: Record<string, unknown>) =>
  readParked({ content: Buffer.from('{}'), headers, routingKey: 'test.relay.parked' }, relayQueues);

const parkedBy = (queue: string) => ({
  [PARKED_HEADERS.queue]: queue,
  [PARKED_HEADERS.reason]: 'invalid-json',
  [PARKED_HEADERS.routingKey]: 'source.standard.ups',
});
const diedIn = (queue: string) => ({
  'x-death': [{ queue, reason: 'delivery_limit', exchange: 'source', 'routing-keys': ['source.standard.x'] }],
});

describe('where a parked message came from', () => {
  it('is what the service says that parked it', () => {
    expect(read(parkedBy('test.relay.outbox'))).toMatchObject({
      queue: 'test.relay.outbox',
      reason: 'invalid-json',
      routingKey: 'source.standard.ups',
    });
  });

  it('is what the broker says that put it aside, whatever its producer has written into it', () => {
    const forged = { ...parkedBy('test.moderator.requests'), ...diedIn('test.relay.standard') };
    expect(read(forged)).toMatchObject({
      queue: 'test.relay.standard',
      reason: 'delivery_limit',
      error: 'the broker gave up on it',
      routingKey: 'source.standard.x',
    });
  });

  it('is what our service says, of a message that has died elsewhere before it came to us', () => {
    expect(read({ ...parkedBy('test.relay.standard'), ...diedIn('theirs') }).queue).toBe(
      'test.relay.standard',
    );
  });
});

describe('a replay', () => {
  const why = (queue: string, reason = 'x', origins = relayQueues) =>
    whyNotReplayed({ queue, reason }, origins, false);

  it.each([
    [relayParkedQueue, ['relay.twilio', 'relay.standard', 'relay.outbox', 'relay.outbox.urgent']],
    [auditParkedQueue, ['audit-logger.events']],
    [moderatorParkedQueue, ['moderator.callbacks', 'moderator.sms-commands', 'moderator.requests']],
  ])('gives back to the queues that park in $name', (parked, names) => {
    const queues = names.map((name) => `test.${name}`);
    expect(originsOf(parked).toSorted()).toEqual(queues.toSorted());
    for (const queue of queues) expect(why(queue, 'x', originsOf(parked))).toBeUndefined();
  });

  it.each(['test.moderator.requests', 'relay.standard', 'test.relay.parked', 'theirs'])(
    'never gives to %s what is parked by the relay',
    (queue) => {
      expect(why(queue)).toBe(`it says that it came from ${queue}, whose messages are not parked here`);
    },
  );

  it('gives back to the service before ours what that one had in hand', () => {
    expect(why('theirs', HANDED_OUT_BEFORE)).toBeUndefined();
    expect(why('')).toContain('not known');
  });
});
