import { describe, expect, it } from 'vitest';
import { fingerprintBot } from './bot-id.ts';
import { BOT, ID, PUBLISHED, parse } from './parse-event.testing.ts';

const post = {
  text: 'Power lost',
  bot_id: BOT,
  source: 'ups',
  code: 202,
  type: 'log',
  wbor_message_id: ID,
  part: 1,
  parts: 2,
  attempt: 1,
  outcome: 'delivered',
  sender: '+12075551234',
  sender_name: 'Ann',
  sent_at: '2025-05-30T12:00:00.250Z',
  duration_ms: 81.5,
};

describe('a post', () => {
  it('has a column for each field of the contract, and the fingerprint in place of the bot id', () => {
    const event = parse('source.groupme.msg', post);
    expect(event.offContract).toEqual([]);
    expect(event.target).toMatchObject({
      table: 'groupme_posts',
      row: {
        event_id: event.eventId,
        occurred_at: new Date('2025-05-30T12:00:00.250Z'),
        bot: fingerprintBot(BOT),
        code: 202,
        part: 1,
        parts: 2,
        outcome: 'delivered',
        sender: '+12075551234',
        duration_ms: 81.5,
        picture_url: null,
        payload: {},
      },
    });
    expect(JSON.stringify(event.target)).not.toContain(BOT);
  });

  it("keeps a producer's own fields in the payload, as they came", () => {
    const event = parse('source.groupme.msg', { ...post, upsStatus: { battery: 0.4 }, body: 'Power lost' });
    expect(event.target.row).toMatchObject({ payload: { upsStatus: { battery: 0.4 }, body: 'Power lost' } });
  });

  it('tells what settled an outcome in doubt, and of a message that came too late', () => {
    const settled = parse('source.groupme.msg', { ...post, evidence: 'read-back' });
    expect(settled.offContract).toEqual([]);
    expect(settled.target.row).toMatchObject({ evidence: 'read-back', payload: {} });
    const expired = parse('source.groupme.msg', { ...post, outcome: 'expired', code: 0 });
    expect(expired.offContract).toEqual([]);
    expect(expired.target.row).toMatchObject({ outcome: 'expired', evidence: null, code: 0 });
  });

  it('is stored with gaps when fields are of odd types; the odd values stay in the payload', () => {
    const odd = { code: '202', text: ['x'], part: 1.5, sender: 7, sent_at: 'yesterday', duration_ms: null };
    const event = parse('source.groupme.msg', { ...post, ...odd, bot_id: 12 });
    expect(event.target).toMatchObject({
      table: 'groupme_posts',
      row: {
        code: null,
        text: null,
        part: null,
        sender: null,
        bot: null,
        source: 'ups',
        occurred_at: PUBLISHED,
      },
    });
    expect(event.target.row).toMatchObject({ payload: odd });
    expect(event.offContract.toSorted()).toEqual([
      'bot_id',
      'code',
      'duration_ms',
      'part',
      'sender',
      'sent_at',
      'text',
    ]);
  });

  it('keeps an outcome that this version does not know', () => {
    const event = parse('source.groupme.msg', { ...post, outcome: 'teleported' });
    expect(event.target.row).toMatchObject({ outcome: 'teleported' });
    expect(event.offContract).toEqual(['outcome']);
  });

  it('takes a number for an id, and cuts an id that no index could hold', () => {
    expect(parse('source.groupme.msg', { ...post, wbor_message_id: 42 }).target.row).toMatchObject({
      wbor_message_id: '42',
    });
    const long = 'x'.repeat(5000);
    expect(parse('source.groupme.msg', { ...post, wbor_message_id: long }).target.row).toMatchObject({
      wbor_message_id: 'x'.repeat(256),
      payload: { wbor_message_id: long },
    });
  });

  it.each([['2106-02-07T06:28:15Z'], ['1970-01-01T00:00:00Z'], ['2025-05-30T12:00:00']])(
    'does not believe the time %s and takes the one of the broker',
    (sentAt) => {
      const event = parse('source.groupme.msg', { ...post, sent_at: sentAt });
      expect(event.target.row).toMatchObject({ occurred_at: PUBLISHED, payload: { sent_at: sentAt } });
    },
  );

  it('has U+FFFD for NUL and half surrogates', () => {
    const event = parse(
      'source.groupme.msg',
      '{"wbor_message_id":"a","text":"a\\u0000b\\ud83d","x":"\\u0000"}',
    );
    expect(event.target.row).toMatchObject({ text: 'a\uFFFDb\uFFFD', payload: { x: '\uFFFD' } });
  });
});

describe('an event with more in it than a row should hold', () => {
  const huge = 'x'.repeat(300_000);

  it('has its columns cut, and as much in the payload as fits', () => {
    const fields = { text: huge, source: huge, sender_name: huge, error: huge, sender: huge, outcome: huge };
    const event = parse('source.groupme.msg', { ...post, ...fields, own: { small: 1 } });
    expect(event.target.row).toMatchObject({
      text: huge.slice(0, 20_000),
      source: huge.slice(0, 1_000),
      sender_name: huge.slice(0, 1_000),
      sender: huge.slice(0, 256),
      payload: {
        own: { small: 1 },
        _cut: {
          count: 6,
          fields: { text: { length: huge.length + 2, beginning: `"${huge.slice(0, 999)}` } },
        },
      },
    });
    expect(JSON.stringify(event.target.row).length).toBeLessThan(400_000);
    expect(event.offContract).toContain('_cut');
  });

  it('keeps a row in bounds however many fields there are', () => {
    const many = Object.fromEntries(
      Array.from({ length: 40_000 }, (_, index) => [`field ${index} \u0000`, `value ${index}`]),
    );
    const { row } = parse('source.groupme.msg', { ...post, ...many }).target;
    expect(JSON.stringify(row).length).toBeLessThan(600_000);
    expect(row).toMatchObject({ text: 'Power lost', payload: { _cut: { count: expect.any(Number) } } });
  });
});

it('reads an image event', () => {
  const event = parse('source.groupme.img', {
    bot_id: BOT,
    source: 'twilio',
    code: 200,
    type: 'img',
    text: '',
    wbor_message_id: ID,
    image_url: 'https://example.org/a.png',
    picture_url: 'https://i.groupme.com/a',
    content_type: 'image/png',
    bytes: 5_000_000_000,
    sha256: 'ab'.repeat(32),
    attempt: 2,
    outcome: 'unknown',
    error: 'timeout',
  });
  expect(event.offContract).toEqual([]);
  expect(event.target).toMatchObject({
    table: 'groupme_images',
    row: { bytes: 5_000_000_000, attempt: 2, outcome: 'unknown', error: 'timeout', payload: {} },
  });
});

describe('a post that was not displayed', () => {
  const undisplayed = {
    type: 'undisplayed',
    source: 'ups',
    bot_id: BOT,
    wbor_message_id: ID,
    part: 2,
    parts: 3,
    text: 'Power lost',
    picture_url: 'https://i.groupme.com/c',
    sent_at: '2025-05-30T12:00:00.250Z',
    waited_ms: 120_500,
  };

  it('is told at the end of the wait', () => {
    const event = parse('source.groupme.undisplayed', undisplayed);
    expect(event.offContract).toEqual([]);
    expect(event.target).toEqual({
      table: 'groupme_undisplayed',
      row: {
        event_id: event.eventId,
        occurred_at: new Date('2025-05-30T12:02:00.750Z'),
        wbor_message_id: ID,
        source: 'ups',
        code: null,
        bot: fingerprintBot(BOT),
        text: 'Power lost',
        picture_url: 'https://i.groupme.com/c',
        part: 2,
        parts: 3,
        sent_at: new Date('2025-05-30T12:00:00.250Z'),
        waited_ms: 120_500,
        payload: {},
      },
    });
  });

  it.each([
    ['how long was waited', { waited_ms: 'long' }],
    ['when it was sent', { sent_at: 'yesterday' }],
    ['a wait that can be', { waited_ms: 1e15 }],
  ])('is told when it was published, if the event does not say %s', (_what, odd) => {
    const event = parse('source.groupme.undisplayed', { ...undisplayed, ...odd });
    expect(event.target.row).toMatchObject({ occurred_at: PUBLISHED });
  });
});

describe('what is no event', () => {
  it.each([
    ['source.groupme.msg', '{"wbor_message_id":', 'the body is not JSON'],
    ['source.groupme.msg', '[1]', 'not a JSON object'],
    ['source.groupme.msg', 'null', 'not a JSON object'],
    ['source.groupme.msg', '{"text":"who am I?"}', 'no wbor_message_id'],
    ['source.groupme.callback', '{"text":"x"}', 'no id and no wbor_message_id'],
    ['source.groupme.surprise', '{"wbor_message_id":"x"}', 'no event is known by this routing key'],
    ['source.groupme.msg', `{"wbor_message_id":"x","deep":${'['.repeat(999)}${']'.repeat(999)}}`, 'nested'],
  ])('under %s, %s is rejected with its bytes', (routingKey, body, reason) => {
    const { target, eventId } = parse(routingKey, body, { 'x-retry-count': 0 });
    expect(target).toMatchObject({
      table: 'audit_rejected',
      row: {
        event_id: eventId,
        routing_key: routingKey,
        body: Buffer.from(body),
        headers: { 'x-retry-count': 0 },
        error: expect.stringContaining(reason),
      },
    });
  });

  it('is rejected with its bytes when they are not UTF-8, though the rest is an event', () => {
    const content = Buffer.from('{"wbor_message_id":"x","text":"caf\xe9"}', 'latin1');
    expect(parse('source.groupme.msg', content).target).toMatchObject({
      table: 'audit_rejected',
      row: { body: content, error: expect.stringContaining('the body is not UTF-8') },
    });
  });

  it('has its bot id masked, in the bytes and in the headers', () => {
    const { target } = parse('source.groupme.msg', `{"bot_id":"${BOT}", broken`, { bot_id: BOT });
    expect(target).toMatchObject({ table: 'audit_rejected', row: { headers: { bot: fingerprintBot(BOT) } } });
    const row = target.table === 'audit_rejected' ? target.row : undefined;
    expect(row?.body.toString()).toBe(`{"bot_id":"bot:${fingerprintBot(BOT)}", broken`);
  });
});
