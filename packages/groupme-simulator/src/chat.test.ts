import { describe, expect, it } from 'vitest';
import { createChat } from './chat.ts';
import { createEvents } from './events.ts';

const bot = { botId: 'secret-bot', name: 'Bot', groupId: '1', callbackUrl: undefined };

function makeChat(maxMessages = 1000) {
  return createChat({
    groups: [
      { id: '1', name: 'One' },
      { id: '2', name: 'Two' },
    ],
    bots: [bot],
    maxMessages,
    events: createEvents(),
  });
}

describe('a message', () => {
  it('has all fields of the official sample', () => {
    const message = makeChat().addFromBot(bot, 'hello', [{ type: 'image', url: 'u' }]);
    expect(Object.keys(message).sort()).toEqual([
      'attachments',
      'avatar_url',
      'created_at',
      'group_id',
      'id',
      'name',
      'sender_id',
      'sender_type',
      'source_guid',
      'system',
      'text',
      'user_id',
    ]);
    expect(message).toMatchObject({ sender_type: 'bot', system: false, text: 'hello', group_id: '1' });
    expect(message.source_guid).toMatch(/^[0-9a-f]{32}$/);
    expect(Math.abs(message.created_at - Date.now() / 1000)).toBeLessThan(5);
  });

  it('never shows the bot id', () => {
    expect(JSON.stringify(makeChat().addFromBot(bot, 'hello', []))).not.toContain('secret-bot');
  });

  it('has an id of 18 digits, rising even within a millisecond', () => {
    const chat = makeChat();
    const ids = Array.from({ length: 500 }, () => chat.addFromBot(bot, 'x', []).id);
    for (const id of ids) expect(id).toMatch(/^\d{18}$/);
    expect([...new Set(ids)].sort()).toEqual(ids);
  });

  it('has no text, rather than an empty one, when there are only attachments', () => {
    expect(makeChat().addFromBot(bot, '', [{ type: 'image', url: 'u' }]).text).toBeNull();
  });

  it('of a member has the same user id each time', () => {
    const chat = makeChat();
    const [first, second, other] = ['Kim', 'Kim', 'Jo'].map((name) =>
      chat.addFromMember({ name, text: 'hi' }),
    );
    expect(first).toMatchObject({ sender_type: 'user', sender_id: second?.sender_id });
    expect(other?.sender_id).not.toBe(first?.sender_id);
  });

  it('of GroupMe itself is a system message', () => {
    expect(makeChat().addFromMember({ name: 'x', text: 'Jo has joined', system: true })).toMatchObject({
      sender_type: 'system',
      sender_id: 'system',
      user_id: 'system',
      system: true,
    });
  });

  it('for a group that does not exist is an error', () => {
    expect(() => makeChat().addFromMember({ name: 'Kim', text: 'hi', groupId: '3' })).toThrow(RangeError);
  });
});

describe('a page of a group', () => {
  function makeFilled() {
    const chat = makeChat();
    const ids = Array.from({ length: 6 }, (_, index) => chat.addFromBot(bot, `m${index}`, []).id);
    chat.addFromMember({ name: 'Kim', text: 'elsewhere', groupId: '2' });
    const texts = (request: Parameters<typeof chat.page>[1]) =>
      chat.page('1', request)?.map(({ text }) => text);
    return { chat, ids, texts };
  }

  it('is the newest, newest first, without an id', () => {
    expect(makeFilled().texts({ limit: 2 })).toEqual(['m5', 'm4']);
  });

  it('before an id leaves the id out, newest first', () => {
    const { texts, ids } = makeFilled();
    expect(texts({ limit: 2, beforeId: ids[3] })).toEqual(['m2', 'm1']);
    expect(texts({ limit: 2, beforeId: ids[0] })).toEqual([]);
  });

  it('after an id goes on right there, oldest first', () => {
    const { texts, ids } = makeFilled();
    expect(texts({ limit: 2, afterId: ids[1] })).toEqual(['m2', 'm3']);
    expect(texts({ limit: 2, afterId: ids[5] })).toEqual([]);
  });

  it('since an id is the newest after it, newest first', () => {
    const { texts, ids } = makeFilled();
    expect(texts({ limit: 2, sinceId: ids[1] })).toEqual(['m5', 'm4']);
    expect(texts({ limit: 9, sinceId: ids[3] })).toEqual(['m5', 'm4']);
  });

  it('works with an id that is no message, short or long', () => {
    const { texts } = makeFilled();
    expect(texts({ limit: 1, afterId: '7' })).toEqual(['m0']);
    expect(texts({ limit: 1, afterId: '9'.repeat(19) })).toEqual([]);
  });

  it('is undefined for a group that does not exist', () => {
    expect(makeFilled().chat.page('3', { limit: 1 })).toBeUndefined();
  });
});

it('forgets the oldest messages beyond its bound', () => {
  const chat = makeChat(100);
  for (let index = 0; index < 1000; index += 1) chat.addFromBot(bot, `m${index}`, []);
  const messages = chat.messages('1');
  expect(messages.length).toBeLessThanOrEqual(110);
  expect(messages.at(-1)?.text).toBe('m999');
});
