import { createHash } from 'node:crypto';
import { postEvent, progressEvent } from '@wbor/contracts';
import { describe, expect, it } from 'vitest';
import { createLiveBoard, type LiveBoard, MAX_MESSAGES } from './live-board.ts';
import type { LiveMessage } from './live-message.ts';
import { RECEIVED } from './live-message.ts';

const ID = '0a1b2c3d-1111-4222-8333-444455556666';

function hear(board: LiveBoard, routingKey: string, body: unknown, messageId?: string) {
  return board.hear(Buffer.from(JSON.stringify(body)), { routingKey, messageId, headers: {} });
}
const sms = (board: LiveBoard, id?: string, amqpId?: string) =>
  hear(
    board,
    'source.twilio.sms.incoming',
    { From: '+12075550123', Body: 'Hi', wbor_message_id: id },
    amqpId,
  );
const progress = (board: LiveBoard, state: string, more: object = {}) =>
  hear(board, progressEvent.key, { ...progressEvent.example, wbor_message_id: ID, state, ...more });
const post = (board: LiveBoard, more: object = {}) =>
  hear(board, postEvent.key, { ...postEvent.example, wbor_message_id: ID, text: 'Hi', ...more });
const echo = (board: LiveBoard, text = 'Hi') => hear(board, 'source.groupme.echo', { text });
const words = (board: LiveBoard) => board.messages.map(({ state }) => state.words);

describe('the board of live messages', () => {
  it('follows one from its producer to its echo', () => {
    const board = createLiveBoard();
    expect(sms(board, ID)).toMatchObject({ isNew: true, message: { state: RECEIVED, source: 'twilio' } });
    const seen = [
      progress(board, 'planned', { parts: 1 }),
      progress(board, 'posting', { part: 1, parts: 1 }),
      post(board),
      echo(board),
    ].map((heard) => heard?.message.state.words);
    expect(seen).toEqual(['planned', 'posting', 'in the chat', 'in the chat, confirmed by echo']);
    expect(board.messages).toHaveLength(1);
  });

  it('knows it by the AMQP id where its producer has given no other', () => {
    const board = createLiveBoard();
    sms(board, undefined, 'amqp-1');
    progress(board, 'planned', { amqp_message_id: 'amqp-1' });
    post(board);
    expect(board.messages).toMatchObject([{ id: ID, text: 'Hi' }]);
  });

  it('takes an echo that comes before the word of the post, as it does in doubt', () => {
    const board = createLiveBoard();
    expect(progress(board, 'in-doubt', { part: 1, parts: 1 })?.message.state.words).toMatch(/^in doubt/);
    expect(echo(board)).toBeUndefined();
    post(board, { evidence: 'echo' });
    expect(words(board)).toEqual(['in the chat, confirmed by echo']);
  });

  it('gives two messages with the same words an echo each', () => {
    const board = createLiveBoard();
    post(board);
    post(board, { wbor_message_id: 'other' });
    echo(board);
    expect(words(board)).toEqual(['in the chat', 'in the chat, confirmed by echo']);
    echo(board);
    expect(words(board)).toEqual(['in the chat, confirmed by echo', 'in the chat, confirmed by echo']);
  });

  it.each([
    ['blocked', 'blocked'],
    ['expired', 'expired'],
    ['rejected', 'refused and parked'],
    ['unknown', 'in doubt'],
    ['refused', 'waiting to be tried again'],
  ])('says what became of one that was %s', (outcome, state) => {
    const board = createLiveBoard();
    post(board, { outcome });
    expect(words(board)).toEqual([state]);
  });

  it('hears no logs of other posts, no callbacks, no stations, and nothing that is no JSON', () => {
    const board = createLiveBoard();
    hear(board, 'source.groupme.callback', { text: 'x', wbor_message_id: ID });
    hear(board, 'source.azuracast.nowplaying', { station: 'main', wbor_message_id: ID });
    for (const content of ['', '{', 'null', '[]', '"x"']) {
      for (const routingKey of [
        'source.standard.ups',
        postEvent.key,
        progressEvent.key,
        'source.groupme.echo',
      ]) {
        board.hear(Buffer.from(content), { routingKey, messageId: 'm', headers: {} });
      }
    }
    board.hear(Buffer.from('{"body":"x","wbor_message_id":"y"}'), {
      routingKey: 'source.standard.ups',
      messageId: undefined,
      headers: { alreadysent: true },
    });
    expect(board.messages.filter(({ text }) => text !== '')).toEqual([]);
  });

  it('keeps the latest, and says which had to go', () => {
    const board = createLiveBoard();
    for (let number = 0; number < MAX_MESSAGES; number += 1) sms(board, `m${number}`);
    expect(sms(board, 'one more')?.gone?.id).toBe('m0');
    expect(board.messages).toHaveLength(MAX_MESSAGES);
    expect(board.messages[0]?.id).toBe('one more');
  });

  it('takes the state of the audit for what it may have missed something of, and for nothing newer', () => {
    const board = createLiveBoard();
    sms(board, ID);
    sms(board, 'other');
    const stale = new Set(board.messages);
    progress(board, 'posting', { part: 1, parts: 1 });
    const known = board.messages.map((message) => ({
      ...message,
      state: { words: 'known', tone: 'good' as const },
    }));
    board.fill(known, stale);
    expect(words(board).toSorted()).toEqual(['known', 'posting']);
  });

  it('takes what the audit knows, below what was heard', () => {
    const board = createLiveBoard();
    sms(board, ID);
    const known = (id: string): LiveMessage => ({
      ...(board.messages[0] as LiveMessage),
      id,
      key: id,
      state: { words: 'in the chat', tone: 'good' },
    });
    board.fill([known('older'), known(ID)]);
    expect(board.messages.map(({ id, state }) => [id, state.words])).toEqual([
      [ID, 'received'],
      ['older', 'in the chat'],
    ]);
  });

  it('keeps of each what is text, and not more than a page can show', () => {
    const board = createLiveBoard();
    const long = 'x'.repeat(100_000);
    hear(board, 'source.standard.ups', { body: 'x', wbor_message_id: '\ud800' });
    hear(board, 'source.standard.ups', { body: `${long}\ud83c`, source: long, wbor_message_id: long });
    hear(board, 'source.twilio.sms.incoming', { From: long, SenderName: long, Body: '\udc00' }, 'amqp-1');
    post(board, { wbor_message_id: long, text: long, source: long });
    const shown = JSON.stringify(board.messages.map(({ results: _, texts: __, ...message }) => message));
    expect(shown.length).toBeLessThan(5_000);
    for (const { id, key, sender, source, text } of board.messages) {
      for (const value of [id, key, sender, source, text]) expect(value?.isWellFormed()).not.toBe(false);
    }
    // As the relay will call it.
    expect(board.messages.map(({ id }) => id)).toEqual([
      undefined,
      createHash('sha256').update(long).digest('hex'),
      '\ufffd',
    ]);
  });

  it('reads a number of a sender as the relay does, however it is written', () => {
    const board = createLiveBoard();
    const written = [{ From: 12075550123 }, { From: ['12075550123'] }, { from: '12075550123' }];
    for (const [index, from] of written.entries())
      hear(board, 'source.twilio.sms.incoming', { ...from, Body: 'x', wbor_message_id: `m${index}` });
    expect(board.messages.map(({ sender }) => sender)).toEqual(written.map(() => '12075550123'));
  });
});
