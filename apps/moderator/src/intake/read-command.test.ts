import { describe, expect, it } from 'vitest';
import { commandNames } from '../commands/index.ts';
import { readCommand } from './read-command.ts';

const callback = {
  attachments: [],
  created_at: 1_750_000_000,
  group_id: '17',
  id: '123456789012345678',
  name: 'John',
  sender_id: '12345',
  user_id: '12345',
  sender_type: 'user',
  source_guid: 'GUID-1234',
  system: false,
  text: '!help',
  source: 'groupme.callback',
  code: 200,
  type: 'log',
  wbor_message_id: 'GUID-1234',
};

function read(changes: Record<string, unknown> = {}) {
  return readCommand(Buffer.from(JSON.stringify({ ...callback, ...changes })), '17', undefined, commandNames);
}

function call(text: string, changes: Record<string, unknown> = {}) {
  const reading = read({ text, ...changes });
  return reading.kind === 'command' ? reading.call : reading;
}

describe('a command', () => {
  it('is read whatever its case and spacing', () => {
    expect(call('!help')).toEqual({
      callbackId: '123456789012345678',
      wborMessageId: 'GUID-1234',
      command: 'help',
      argument: '',
      isCut: false,
      isQuoted: false,
      replyToId: undefined,
      callerId: '12345',
      callerName: 'John',
      at: new Date(1_750_000_000_000),
    });
    for (const text of [
      '  !BAN  0a1b2c3d 2h',
      '!ban\n0a1b2c3d 2h\n',
      '! Ban\u00a00a1b2c3d 2h  ',
      '!ban\t0a1b2c3d 2h',
    ]) {
      expect(call(text), text).toMatchObject({ command: 'ban', argument: '0a1b2c3d 2h' });
    }
  });

  it.each(['User', 'USER'])('is of a person of the type %s', (senderType) => {
    expect(call('!ping', { sender_type: senderType })).toMatchObject({ command: 'ping' });
  });

  it('is read when ids are numbers and the time is a text', () => {
    expect(
      call('!ping', { id: 7, group_id: 17, user_id: 12, sender_id: '12', created_at: '1750000000' }),
    ).toMatchObject({
      callbackId: '7',
      callerId: '12',
      at: new Date(1_750_000_000_000),
    });
  });

  it.each([false, 'false', 0, '0', '', null, undefined, 'No'])(
    'is no notice where system is %j',
    (system) => {
      expect(call('!ping', { system })).toMatchObject({ command: 'ping' });
    },
  );

  it('was not typed after it was published', () => {
    const publishedAt = new Date(1_750_000_100_000);
    for (const [created_at, at] of [
      [1_750_000_000, new Date(1_750_000_000_000)],
      [4_000_000_000, publishedAt],
      [1e300, publishedAt],
    ]) {
      const content = Buffer.from(JSON.stringify({ ...callback, created_at }));
      expect(readCommand(content, '17', publishedAt, commandNames)).toMatchObject({ call: { at } });
    }
  });

  it('may be a lone mark', () => {
    expect(call('!')).toMatchObject({ command: '', argument: '' });
  });

  it('keeps its argument within bounds and free of what Postgres refuses', () => {
    expect(call(`!ban ${'x'.repeat(1_000)}`)).toMatchObject({ argument: 'x'.repeat(1_000), isCut: false });
    for (const length of [1_001, 5_000])
      expect(call(`!ban ${'x'.repeat(length)}`)).toMatchObject({ argument: 'x'.repeat(1_000), isCut: true });
    expect(call(`!ban x${'\u200b'.repeat(2_000)} 2h`)).toMatchObject({ argument: 'x', isCut: true });
    expect(call('!ban a\u0000b\ud800')).toMatchObject({ argument: 'a\ufffdb\ufffd' });
  });

  it('knows the message that it replies to', () => {
    const attachments = [
      { type: 'image', url: 'x' },
      { type: 'reply', reply_id: '99', base_reply_id: '98' },
    ];
    expect(call('!who', { attachments })).toMatchObject({ replyToId: '99' });
    expect(call('!who', { attachments: [{ type: 'reply', reply_id: 7 }] })).toMatchObject({
      replyToId: undefined,
    });
  });
});

describe('a command as phones type it', () => {
  it.each([
    '\uff01ban 0a1b2c3d 2h',
    '\ufe57ban 0a1b2c3d 2h',
    '\u2757\ufe0fban 0a1b2c3d 2h',
    '\u203cban 0a1b2c3d 2h',
    '!!ban 0a1b2c3d 2h',
    '\u200b!ban 0a1b2c3d 2h',
    '\u202a!ban 0a1b2c3d 2h\u202c',
    '\ufeff!\u200bban 0a1b2c3d 2h',
    '!b\u00adan 0a1b2c3d 2h',
    '!ban: 0a1b2c3d 2h',
    '!ban. 0a1b2c3d 2h',
    '!ban\u20140a1b2c3d 2h',
    '!\uff22\uff21\uff2e 0a1b2c3d \uff12h',
    '@WBOR Bot !ban 0a1b2c3d 2h',
    '@WBOR Bot \uff01ban 0a1b2c3d 2h',
  ])('is read: %j', (text) => {
    expect(call(text)).toMatchObject({ command: 'ban', argument: '0a1b2c3d 2h' });
  });

  it.each([
    ['!ban.5h', '.5h'],
    ['!ban -5h', '-5h'],
    ['!ban-5h', '-5h'],
    ['!ban+5h', '+5h'],
    ['!ban. 5h', '5h'],
    ['!ban, spam', 'spam'],
    ['!ban.spam', 'spam'],
  ])('keeps what changes a number that follows: %j', (text, argument) => {
    expect(call(text)).toMatchObject({ command: 'ban', argument });
  });

  it.each([
    '“!ban 0a1b2c3d 2h”',
    '"!ban 0a1b2c3d 2h"',
    "'!ban 0a1b2c3d 2h'",
    '«!ban 0a1b2c3d 2h»',
    '*!ban 0a1b2c3d 2h*',
    '**!BAN 0a1b2c3d 2h**',
    '`!ban 0a1b2c3d 2h`',
    '> !ban 0a1b2c3d 2h',
    '- !ban 0a1b2c3d 2h',
    '\u2022 !ban 0a1b2c3d 2h',
    '(!ban 0a1b2c3d 2h)',
    '\ud83d\udeab !ban 0a1b2c3d 2h',
    '“\uff01ban 0a1b2c3d 2h”',
    '“\u200b!ban 0a1b2c3d 2h”',
    '@WBOR Bot “!ban 0a1b2c3d 2h”',
    '“!ban 0a1b2c3d” is how it is done',
  ])('behind other marks is answered and not run: %j', (text) => {
    expect(call(text)).toMatchObject({ command: 'ban', isQuoted: true });
    expect(read({ text, sender_type: 'bot' })).toMatchObject({ kind: 'forged' });
  });

  it.each([
    'type “!ban 0a1b2c3d” to do it',
    'I think !ban is wrong',
    'so: !ban 0a1b2c3d',
    '“!weather”',
    '- !',
    '(!)',
    '?!',
    '“!important” news',
    `${'-'.repeat(30)} !ban x`,
  ])('that is mentioned, or is none, is talk: %j', (text) => {
    expect(read({ text })).toEqual({ kind: 'talk' });
  });

  it('is unknown when no blank follows, and keeps what was typed for the hint', () => {
    expect(call('!ban12345678')).toMatchObject({ command: 'ban12345678', argument: '' });
    expect(call("!who's there")).toMatchObject({ command: "who's" });
  });

  it.each(['@WBOR Bot !weather', '@Ann look! !ban x', 'hey !ban x', '@Ann wow!', '\u00a1ban x'])(
    'is talk: %j',
    (text) => {
      expect(read({ text })).toEqual({ kind: 'talk' });
    },
  );

  it.each(['\uff01ban x', '\u200b!ban x', '@WBOR Bot !ban x'])('is never one of a bot: %j', (text) => {
    expect(read({ text, sender_type: 'bot' })).toMatchObject({ kind: 'forged' });
    expect(read({ text, sender_type: 'system' })).toMatchObject({ kind: 'forged' });
  });
});

describe('what is no command', () => {
  it('is talk once it is deleted', () => {
    expect(read({ text: '!ban 0a1b2c3d', deleted_at: 1_750_000_000 })).toEqual({ kind: 'talk' });
  });

  it.each([null, undefined, '', 'hello!', 'say !help', 7])('is talk: %j', (text) => {
    expect(read({ text })).toEqual({ kind: 'talk' });
  });

  it.each([
    [{ sender_type: 'bot' }, 'not from a person'],
    [{ sender_type: undefined }, 'not from a person'],
    [{ sender_type: 'system' }, 'not from a person'],
    [{ sender_type: 'Bot' }, 'not from a person'],
    [{ sender_type: ' user' }, 'not from a person'],
    [{ sender_type: ['user'] }, 'not from a person'],
    [{ sender_type: 1 }, 'not from a person'],
    [{ sender_type: null }, 'not from a person'],
    [{ system: true }, 'a notice of GroupMe'],
    [{ system: 'true' }, 'a notice of GroupMe'],
    [{ system: 'True ' }, 'a notice of GroupMe'],
    [{ system: 1 }, 'a notice of GroupMe'],
    [{ system: '1' }, 'a notice of GroupMe'],
    [{ system: 'yes' }, 'a notice of GroupMe'],
    [{ system: {} }, 'a notice of GroupMe'],
    [{ sender_id: '1', user_id: '2' }, 'two senders'],
    [{ group_id: '18' }, 'another group'],
    [{ group_id: 18 }, 'another group'],
    [{ sender_id: '', user_id: null }, 'no sender'],
    [{ id: '1'.repeat(201) }, 'an id that GroupMe would not give'],
  ])('is forged: %j', (changes, reason) => {
    expect(read(changes)).toMatchObject({ kind: 'forged', reason });
  });

  it('is broken when it is no callback', () => {
    expect(readCommand(Buffer.from('{'), '17', undefined, commandNames)).toEqual({
      kind: 'broken',
      reason: 'the body is not JSON',
    });
    expect(read({ id: {} })).toMatchObject({ kind: 'broken', reason: expect.stringMatching(/^id: /) });
    expect(readCommand(Buffer.from('[]'), '17', undefined, commandNames)).toMatchObject({ kind: 'broken' });
    expect(readCommand(Buffer.from('{"id":"\xff"}', 'latin1'), '17', undefined, commandNames)).toEqual({
      kind: 'broken',
      reason: expect.stringMatching(/^the body is not UTF-8/),
    });
  });
});
