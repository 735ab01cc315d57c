import { describe, expect, it } from 'vitest';
import { fingerprintBot, hideBotIds, maskBotIdsInBytes } from './bot-id.ts';

const BOT = '5f6cab0123456789deadbeef00';
const SHOWN = `bot:${fingerprintBot(BOT)}`;

describe('hideBotIds', () => {
  it('takes the id out of every depth and out of texts that quote it', () => {
    const hidden = hideBotIds({
      request: { bot_id: BOT, tries: [1] },
      error: `POST {"bot_id":"${BOT}"} failed`,
      [BOT]: 'as a key',
    });
    expect(JSON.stringify(hidden)).not.toContain(BOT);
    expect(hidden).toEqual({
      request: { bot: fingerprintBot(BOT), tries: [1] },
      error: `POST {"bot_id":"${SHOWN}"} failed`,
      [SHOWN]: 'as a key',
    });
  });

  it('drops an empty id, and returns what holds none as it is', () => {
    expect(hideBotIds({ bot_id: '', a: 1 })).toEqual({ a: 1 });
    const without = { a: [{ b: 'bot' }] };
    expect(hideBotIds(without)).toBe(without);
  });
});

describe('an event with more bot ids than any event has', () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => `${BOT}-${index}`);
  const decoys = ids.map((id, index) => ({ bot_id: id, text: `text ${index}` }));

  it('has each hidden where it stands, and comes to an end', () => {
    const hidden = JSON.stringify(hideBotIds({ bot_id: BOT, decoys, text: `it was ${BOT}.` }));
    expect(hidden).not.toContain(BOT);
  });

  it('has them masked in its bytes, and comes to an end', () => {
    expect(maskBotIdsInBytes(Buffer.from(JSON.stringify(decoys))).toString()).not.toContain(BOT);
  });
});

describe('maskBotIdsInBytes', () => {
  it.each([
    `{"bot_id": "${BOT}", "text": "x"}`,
    `{"bot_id":"${BOT}`,
    `{'bot_id': '${BOT}'}`,
    `bot_id=${BOT}&text=x`,
    `{"inner":"{\\"bot_id\\":\\"${BOT}\\"}"}`,
    `{"text":"${BOT}","bot_id":"${BOT}"}`,
  ])('masks %s', (body) => {
    const masked = maskBotIdsInBytes(Buffer.from(body)).toString();
    expect(masked).toBe(body.replaceAll(BOT, SHOWN));
  });

  it('returns all other bytes as they are, UTF-8 or not', () => {
    const bytes = Buffer.from([
      0xff,
      0x00,
      0xfe,
      ...Buffer.from('"bot_id":"'),
      ...Buffer.from(BOT),
      0x22,
      0x80,
    ]);
    const masked = maskBotIdsInBytes(bytes);
    expect(masked.subarray(0, 3)).toEqual(Buffer.from([0xff, 0x00, 0xfe]));
    expect(masked.at(-1)).toBe(0x80);
    const clean = Buffer.from([0xff, 0x00, 0x62]);
    expect(maskBotIdsInBytes(clean)).toBe(clean);
  });
});
