import { describe, expect, it } from 'vitest';
import { BOT, ID, PUBLISHED, parse } from './parse-event.testing.ts';

describe('a callback', () => {
  const callback = {
    attachments: [
      { type: 'reply', reply_id: '1' },
      { type: 'image', url: 'https://i.groupme.com/b' },
    ],
    avatar_url: null,
    created_at: 1_748_000_000,
    group_id: '1234567890',
    id: '174800000012345678',
    name: 'John',
    sender_id: '12345',
    sender_type: 'user',
    source_guid: 'GUID-1234',
    system: false,
    text: null,
    user_id: '12345',
    bot_id: BOT,
    source: 'groupme.callback',
    code: 200,
    type: 'log',
    wbor_message_id: 'GUID-1234',
  };

  it.each([
    ['source.groupme.callback', 'groupme_callbacks'],
    ['source.groupme.echo', 'groupme_echoes'],
  ])('under %s goes to %s', (routingKey, table) => {
    const event = parse(routingKey, callback);
    expect(event.offContract).toEqual([]);
    expect(event.target).toMatchObject({
      table,
      row: {
        groupme_id: '174800000012345678',
        occurred_at: new Date(1_748_000_000_000),
        sender: '12345',
        sender_name: 'John',
        text: null,
        picture_url: 'https://i.groupme.com/b',
        payload: { attachments: callback.attachments, source_guid: 'GUID-1234', system: false },
      },
    });
    expect(JSON.stringify(event.target)).not.toContain(BOT);
  });
});

describe('a callback that is odd', () => {
  const odd = (fields: object) =>
    parse('source.groupme.callback', { id: '1', wbor_message_id: ID, text: 'hello', ...fields }).target.row;

  it('keeps numbers as ids', () => {
    expect(odd({ id: 17, group_id: 18, sender_id: 19, user_id: 20 })).toMatchObject({
      groupme_id: '17',
      group_id: '18',
      sender: '19',
    });
  });

  it('happened when it says, however that is written', () => {
    for (const created_at of ['1748000000', 1_748_000_000_000, '2025-05-23T11:33:20Z']) {
      expect(odd({ created_at })).toMatchObject({ occurred_at: new Date(1_748_000_000_000) });
    }
  });

  it('happened when it came, if it says what cannot be', () => {
    const hour = 3_600;
    const now = Date.UTC(2025, 5, 1) / 1000;
    for (const created_at of [
      now + hour,
      now + 24 * hour,
      1e15,
      1e300,
      -5,
      0,
      'soon',
      '1e400000',
      [],
      {},
      null,
    ]) {
      expect(odd({ created_at }), String(created_at)).toMatchObject({
        occurred_at: PUBLISHED,
        payload: { created_at },
      });
    }
  });
});

describe('what the moderator did', () => {
  it('has a column for each field of a command', () => {
    const event = parse('source.groupme.command', {
      type: 'command',
      source: 'moderator',
      callback_id: '123456789012345678',
      wbor_message_id: 'guid-1',
      command: 'ban',
      argument: '0a1b2c3d 2h',
      caller_id: '77',
      caller_name: 'Ann',
      result: 'done',
      reply: 'Banned …1234.',
      at: '2025-05-30T12:00:00.250Z',
    });
    expect(event.offContract).toEqual([]);
    expect(event.target).toEqual({
      table: 'groupme_commands',
      row: {
        event_id: event.eventId,
        occurred_at: new Date('2025-05-30T12:00:00.250Z'),
        wbor_message_id: 'guid-1',
        source: 'moderator',
        code: null,
        bot: null,
        groupme_id: '123456789012345678',
        command: 'ban',
        argument: '0a1b2c3d 2h',
        caller: '77',
        caller_name: 'Ann',
        result: 'done',
        reply: 'Banned …1234.',
        payload: {},
      },
    });
  });

  it('has a column for each field of a ban, whose end may be far ahead', () => {
    const ban = {
      type: 'ban',
      source: 'moderator',
      action: 'ban',
      sender: '+12075551234',
      until: '2034-05-30T12:00:00.000Z',
      reason: 'rude',
      about: ID,
      caller_id: '77',
      caller_name: 'Ann',
      callback_id: '123456789012345678',
      version: 7,
      at: '2025-05-30T12:00:00.250Z',
    };
    const event = parse('source.groupme.ban', ban);
    expect(event.offContract).toEqual([]);
    expect(event.target).toMatchObject({
      table: 'groupme_ban_changes',
      row: {
        action: 'ban',
        sender: '+12075551234',
        until: new Date('2034-05-30T12:00:00.000Z'),
        reason: 'rude',
        about: ID,
        caller: '77',
        groupme_id: '123456789012345678',
        version: 7,
        payload: {},
      },
    });
    const forGood = parse('source.groupme.ban', { ...ban, until: null, action: 'expired' });
    expect(forGood.target.row).toMatchObject({ until: null, action: 'expired', payload: {} });
    expect(parse('source.groupme.ban', { ...ban, until: 'soon' }).target.row).toMatchObject({
      until: null,
      payload: { until: 'soon' },
    });
  });

  it('is rejected when nobody could find its row', () => {
    expect(parse('source.groupme.command', { command: 'ban' }).target.table).toBe('audit_rejected');
    expect(parse('source.groupme.ban', { action: 'ban' }).target.table).toBe('audit_rejected');
  });
});
