import { describe, expect, it } from 'vitest';
import { matches, queues } from './docs/catalogue.ts';
import {
  ContractError,
  callbackEvent,
  defineMessage,
  defineQueue,
  deriveTopology,
  echoEvent,
  groupMeCallbackSchema,
  imageEvent,
  postEvent,
  relayOutboxQueue,
  sendRequestSchema,
  standardKey,
  standardMessage,
  undisplayedEvent,
} from './index.ts';

const namespace = { exchange: 'source_exchange', queuePrefix: 'test.' };
describe('definitions', () => {
  it('refuse a queue without a dead-letter target and a key with a wildcard', () => {
    expect(() => defineQueue({ name: 'a.b', deadLetterQueue: '' })).toThrow(ContractError);
    expect(() => defineMessage({ ...standardMessage, key: 'source.#' })).toThrow(ContractError);
  });

  it('never feed the relay its own events', () => {
    const intake = queues.filter((queue) => ['relay.twilio', 'relay.standard'].includes(queue.name));
    expect(intake).toHaveLength(2);
    for (const queue of intake) {
      for (const pattern of queue.bindings) {
        for (const event of [postEvent, imageEvent, callbackEvent, echoEvent, undisplayedEvent]) {
          expect(matches(pattern, event.key)).toBe(false);
        }
      }
    }
  });
});

describe('topology', () => {
  const topology = deriveTopology(queues, namespace);

  it('is quorum with an explicit positive delivery limit throughout', () => {
    for (const queue of topology.queues) {
      expect(queue.arguments['x-queue-type'], queue.name).toBe('quorum');
      expect(queue.arguments['x-delivery-limit'], queue.name).toBeGreaterThanOrEqual(1000);
    }
  });

  it('dead-letters at least once into a queue of the same namespace', () => {
    const names = topology.queues.map((queue) => queue.name);
    const working = topology.queues.filter((queue) => 'x-dead-letter-exchange' in queue.arguments);
    expect(working.map((queue) => queue.name)).toEqual([
      'test.relay.outbox.urgent',
      'test.relay.outbox',
      'test.relay.twilio',
      'test.relay.standard',
      'test.audit-logger.events',
      'test.moderator.callbacks',
    ]);
    for (const queue of working) {
      expect(names).toContain(queue.arguments['x-dead-letter-routing-key']);
      expect(queue.arguments).toMatchObject({
        'x-dead-letter-exchange': '',
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      });
    }
  });

  it('lets one relay at a time work on intake and outbox, and one moderator on callbacks', () => {
    const single = topology.queues.filter((queue) => queue.arguments['x-single-active-consumer'] === true);
    expect(single.map((queue) => queue.name)).toEqual([
      'test.relay.outbox.urgent',
      'test.relay.outbox',
      'test.relay.twilio',
      'test.relay.standard',
      'test.moderator.callbacks',
    ]);
    expect(relayOutboxQueue.bindings).toEqual([]);
  });
});

describe('callbacks', () => {
  it('are taken whatever GroupMe makes of its fields, as long as there is an id', () => {
    const odd = {
      id: '123',
      created_at: '1302623328',
      attachments: 'none',
      text: null,
      system: 'no',
      name: 7,
      new: 1,
    };
    expect(groupMeCallbackSchema.safeParse(odd).success).toBe(true);
    expect(groupMeCallbackSchema.safeParse({ ...odd, id: undefined }).success).toBe(false);
  });
});

describe('/send', () => {
  const good = { body: 'hello', source: 'ups' };

  it('takes text, pictures or both', () => {
    expect(sendRequestSchema.safeParse(good).success).toBe(true);
    expect(sendRequestSchema.safeParse({ source: 'ups', images: ['https://a.example/b.png'] }).success).toBe(
      true,
    );
  });

  it.each([
    ['an unknown field', { ...good, colour: 'red' }],
    ['a reserved source', { ...good, source: 'twilio' }],
    ['a reserved source', { ...good, source: 'groupme' }],
    ['the source of the moderator', { ...good, source: 'command' }],
    ['an empty id', { ...good, wbor_message_id: '' }],
    ['a blank id', { ...good, wbor_message_id: ' \u00a0\t' }],
    ['a source that is no slug', { ...good, source: 'ups.alert' }],
    ['a source with capitals', { ...good, source: 'UPS' }],
    ['nothing to say', { source: 'ups', body: ' \n' }],
    ['a numeric body', { ...good, body: 5 }],
    ['a picture that is no web address', { ...good, images: ['file:///etc/passwd'] }],
    ['eleven pictures', { ...good, images: Array.from({ length: 11 }, () => 'https://a.example/b.png') }],
  ])('refuses %s', (_what, request) => {
    expect(sendRequestSchema.safeParse(request).success).toBe(false);
  });

  it('names every fault at once', () => {
    const faults = sendRequestSchema
      .safeParse({ colour: 'red' })
      .error?.issues.map((issue) => issue.path.join('.'));
    expect(faults).toEqual(expect.arrayContaining(['source', 'body']));
  });

  it('publishes a source under its own key, and standard under the old one', () => {
    expect(standardKey('standard')).toBe('source.standard');
    expect(standardKey('ups')).toBe('source.standard.ups');
  });
});
