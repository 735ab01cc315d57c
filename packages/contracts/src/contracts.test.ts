import { describe, expect, it } from 'vitest';
import { queues } from './docs/catalogue.ts';
import {
  ContractError,
  callbackEvent,
  defineMessage,
  defineQueue,
  deriveTopology,
  echoEvent,
  groupMeCallbackSchema,
  imageEvent,
  matchesTopic,
  postEvent,
  relayOutboxQueue,
  sendRequestSchema,
  standardKey,
  standardMessage,
  toUnixSeconds,
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
          expect(matchesTopic(pattern, event.key)).toBe(false);
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
      'test.moderator.sms-commands',
      'test.moderator.requests',
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
      'test.moderator.sms-commands',
      'test.moderator.requests',
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

  it('have ids that are texts, a time in seconds, and the attachments that can be read', () => {
    expect(
      groupMeCallbackSchema.parse({
        id: 1795610177317,
        group_id: 90000001,
        user_id: 9001,
        sender_id: ['9001'],
        created_at: '1302623328',
        attachments: [null, 7, { type: 'reply', reply_id: '9' }, { type: 5 }],
      }),
    ).toMatchObject({
      id: '1795610177317',
      group_id: '90000001',
      user_id: '9001',
      sender_id: null,
      created_at: 1302623328,
      attachments: [{ type: 'reply', reply_id: '9' }, { type: null }],
    });
  });

  it.each([
    [1_302_623_328, 1_302_623_328],
    [1_302_623_328.5, 1_302_623_328.5],
    ['1302623328', 1_302_623_328],
    [1_302_623_328_000, 1_302_623_328],
    ['1302623328000000', 1_302_623_328],
    ['2011-04-12T15:48:48Z', 1_302_623_328],
    ['2011-04-12T11:48:48-04:00', 1_302_623_328],
    ['2011-04-12', null],
    ['soon', null],
    ['9'.repeat(400), null],
    [1e300, null],
    [Number.NaN, null],
    [-1, null],
    [0, null],
    [true, null],
    [{}, null],
    [null, null],
  ])('were made at %j: %j', (written, seconds) => {
    expect(toUnixSeconds(written)).toBe(seconds);
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
    ['a source that is no slug', { ...good, source: 'ups.alert' }],
    ['a source with capitals', { ...good, source: 'UPS' }],
    ['nothing to say', { source: 'ups', body: ' \n' }],
    ['a numeric body', { ...good, body: 5 }],
    ['a picture that is no web address', { ...good, images: ['file:///etc/passwd'] }],
    ['eleven pictures', { ...good, images: Array.from({ length: 11 }, () => 'https://a.example/b.png') }],
  ])('refuses %s', (_what, request) => {
    expect(sendRequestSchema.safeParse(request).success).toBe(false);
  });

  it.each([
    ['text', { text: 'hello' }, { body: 'hello' }],
    ['text beside a blank body', { body: ' \n', text: 'hello' }, { body: 'hello' }],
    ['text beside a body that shows nothing', { body: '\u200b', text: 'hello' }, { body: 'hello' }],
    ['text beside null', { body: null, text: 'hello' }, { body: 'hello' }],
    ['Body', { Body: 'hello' }, { body: 'hello' }],
    ['one text under all names', { body: 'hello', text: 'hello', Body: 'hello' }, { body: 'hello' }],
    ['a numeric id', { body: 'a', wbor_message_id: 1234567 }, { body: 'a', wbor_message_id: '1234567' }],
    ['an id of null', { body: 'a', wbor_message_id: null }, { body: 'a' }],
    ['an id that is a word for null', { body: 'a', wbor_message_id: 'None' }, { body: 'a' }],
    ['a password of null', { body: 'a', password: null }, { body: 'a' }],
    ['a numeric source', { body: 'a', source: 7 }, { body: 'a', source: '7' }],
    ['images that are blank', { body: 'a', images: '' }, { body: 'a' }],
    ['images of null', { body: 'a', images: null }, { body: 'a' }],
    ['images without one', { body: 'a', images: ['', null] }, { body: 'a' }],
    ['one image', { images: 'https://a.example/b.png' }, { body: '', images: ['https://a.example/b.png'] }],
    [
      'an image object',
      { images: [{ url: 'https://a.example/b' }] },
      { body: '', images: ['https://a.example/b'] },
    ],
  ])('reads %s as it is meant', (_what, fields, request) => {
    expect(sendRequestSchema.parse({ source: 'ups', ...fields })).toEqual({ source: 'ups', ...request });
  });

  it.each([
    ['two texts', { body: 'one', text: 'another' }, ''],
    ['a picture that is no address', { body: 'a', images: 'nowhere' }, 'images.0'],
    ['a picture that is nothing', { body: 'a', images: [7] }, 'images.0'],
    ['a text that is a list', { text: ['a'] }, 'text'],
    ['a body that shows nothing', { body: '\u200b\ufffc' }, 'body'],
    ['an id with half a character', { body: 'a', wbor_message_id: 'a\ud800' }, 'wbor_message_id'],
    ['an id with a control character', { body: 'a', wbor_message_id: 'a\u0000b' }, 'wbor_message_id'],
    ['an id that is too long', { body: 'a', wbor_message_id: 'a'.repeat(129) }, 'wbor_message_id'],
    ['a source of the prototype', { body: 'a', source: '__proto__' }, 'source'],
  ])('refuses %s, since the caller can be told', (_what, fields, path) => {
    const issues = sendRequestSchema.safeParse({ source: 'ups', ...fields }).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it.each(['', ' \u00a0\t', '\u200b', 'null', null])('takes the id %j for none', (wbor_message_id) => {
    expect(sendRequestSchema.parse({ ...good, wbor_message_id })).not.toHaveProperty('wbor_message_id');
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
