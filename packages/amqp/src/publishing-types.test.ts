import {
  banEvent,
  banListRequest,
  commandReply,
  dashboardClear,
  plannedMessage,
  postEvent,
  relayOutboxUrgentQueue,
  standardKey,
  standardMessage,
} from '@wbor/contracts';
import { describe, expectTypeOf, it } from 'vitest';
import type { Broker } from './index.ts';

// What tsc says of these is the test (the step `typecheck`); run, they call a broker that does nothing.
const broker: Pick<Broker, 'publish' | 'publishUntilConfirmed' | 'replyUntilConfirmed'> = {
  publish: async () => {},
  publishUntilConfirmed: async () => {},
  replyUntilConfirmed: async () => {},
};

const event = { bot_id: 'b', source: 's', code: 202, type: 'log', wbor_message_id: 'id' } as const;

describe('publishing by definition', () => {
  it('takes a body of its schema, and no other', () => {
    broker.publish(postEvent, event);
    broker.publishUntilConfirmed(postEvent, { ...event, outcome: 'delivered' }, {}, AbortSignal.abort());
    // @ts-expect-error another type of event
    broker.publish(postEvent, { ...event, type: 'img' });
    // @ts-expect-error no such outcome
    broker.publish(postEvent, { ...event, outcome: 'lost' });
    // @ts-expect-error fields are missing
    broker.publish(banEvent, { type: 'ban', source: 'moderator' });
    // @ts-expect-error no body at all
    broker.publish(postEvent);
    // @ts-expect-error a number is no text
    broker.publish(commandReply, { body: 7 });
    // @ts-expect-error bodies are objects
    broker.publishUntilConfirmed(banListRequest, 'now');
  });

  it('takes what a consumer would read: defaults may be left out', () => {
    broker.publish(dashboardClear, { requested_by: 'Ann', at: '2025-06-01T12:00:00.000Z' });
    broker.publish(standardMessage, { body: 'hello', images: null, unknown_field: [1] });
  });

  it('takes the keys of a family for a family, and its own key for any other', () => {
    broker.publish(standardMessage, { body: 'x' }, { key: 'source.standard.ups' });
    broker.publish(standardMessage, { body: 'x' }, { key: standardKey('ups') });
    // @ts-expect-error not of the family
    broker.publish(standardMessage, { body: 'x' }, { key: 'source.twilio.sms' });
    // @ts-expect-error an event has one key
    broker.publish(postEvent, event, { key: 'source.groupme.msg.again' });
    broker.publish(postEvent, event, { key: 'source.groupme.msg' });
    const planned = { wbor_message_id: 'm', source: 's', parts: [], planned_at: 1, acknowledge: false };
    broker.publish(plannedMessage, planned, { key: relayOutboxUrgentQueue.name });
  });

  it('takes no key by hand', () => {
    // @ts-expect-error a definition names the key
    broker.publish({ routingKey: 'source.groupme.msg', body: event });
    // @ts-expect-error a definition names the key
    broker.publish('source.groupme.msg', event);
  });

  it('answers producers with a reply', () => {
    broker.replyUntilConfirmed('queue', { status: 'success', message_id: 'id' });
    // @ts-expect-error a failure says why
    broker.replyUntilConfirmed('queue', { status: 'failed', message_id: 'id' });
    expectTypeOf<Broker['sendBytes']>().parameter(1).toEqualTypeOf<Buffer>();
  });
});
