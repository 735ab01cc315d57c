import { createHash } from 'node:crypto';

/** Shorter ids are not GroupMe's; replacing "bot" wherever it occurs would only spoil texts. */
const MIN_LENGTH_TO_SEARCH = 10;

/**
 * An event is of one bot. Each id is searched for in every text, and thousands of them would keep us busy for minutes;
 * those beyond these are hidden where they stand.
 */
const MAX_IDS_TO_SEARCH = 50;

/** The name, quotes and separator in any notation, escaped JSON in JSON included; then the value. */
const BOT_ID_FIELD = /(bot_id\\*["']?\s*[:=]\s*\\*["']?)([^\s"'\\,;&{}[\]]+)/gi;

/** Almost all events are of one bot. */
let last = { botId: '', fingerprint: '' };

/** First 8 hexadecimal digits of SHA-256: tells bots apart. Whoever has the id itself can post as the bot. */
export function fingerprintBot(botId: string): string {
  if (botId !== last.botId || botId === '') {
    last = { botId, fingerprint: createHash('sha256').update(botId).digest('hex').slice(0, 8) };
  }
  return last.fingerprint;
}

/**
 * Takes bot ids out of a JSON value: a key `bot_id`, at any depth, becomes `bot` with the fingerprint, and
 * the ids found that way are replaced in every text as well (an error may quote the request).
 *
 * @param known an id that is searched for as well, and before all others.
 * @returns the value itself where nothing is to be hidden.
 */
export function hideBotIds<Value>(value: Value, known?: unknown): Value {
  const ids = new Set<string>();
  if (typeof known === 'string') addId(ids, known);
  collectBotIds(value, ids);
  return showsBot(value, ids) ? (replaceBotIds(value, ids) as Value) : value;
}

/** Masks bot ids in bytes, valid JSON or not. Everything else stays as it is. */
export function maskBotIdsInBytes(bytes: Buffer): Buffer {
  // Latin-1 maps every byte to one character and back.
  const text = bytes.toString('latin1');
  const ids = new Set<string>();
  const masked = text.replace(BOT_ID_FIELD, (_match, name: string, id: string) => {
    addId(ids, id);
    return `${name}${shown(id)}`;
  });
  return ids.size === 0 ? bytes : Buffer.from(replaceInText(masked, ids), 'latin1');
}

function shown(id: string): string {
  return `bot:${fingerprintBot(id)}`;
}

function addId(ids: Set<string>, id: string): void {
  if (ids.size < MAX_IDS_TO_SEARCH) ids.add(id);
}

function collectBotIds(value: unknown, ids: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === 'bot_id' && typeof item === 'string') addId(ids, item);
    else collectBotIds(item, ids);
  }
}

/** Looked for first: as a rule there is nothing, and making the value anew costs more than the look. */
function showsBot(value: unknown, ids: ReadonlySet<string>): boolean {
  if (typeof value === 'string') return quotesId(value, ids);
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => showsBot(item, ids));
  return Object.entries(value).some(
    ([key, item]) => key === 'bot_id' || quotesId(key, ids) || showsBot(item, ids),
  );
}

function quotesId(text: string, ids: ReadonlySet<string>): boolean {
  for (const id of ids) if (id.length >= MIN_LENGTH_TO_SEARCH && text.includes(id)) return true;
  return false;
}

function replaceBotIds(value: unknown, ids: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return replaceInText(value, ids);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => replaceBotIds(item, ids));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      if (key !== 'bot_id') return [[replaceInText(key, ids), replaceBotIds(item, ids)]];
      return typeof item === 'string' && item !== '' ? [['bot', fingerprintBot(item)]] : [];
    }),
  );
}

function replaceInText(text: string, ids: ReadonlySet<string>): string {
  let result = text;
  for (const id of ids) {
    // Looked for first: the fingerprint costs far more than the look.
    if (id.length >= MIN_LENGTH_TO_SEARCH && result.includes(id)) result = result.replaceAll(id, shown(id));
  }
  return result;
}
