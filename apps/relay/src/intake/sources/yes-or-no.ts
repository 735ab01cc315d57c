/** No word that says yes or no is longer, with all that may stand around it. */
const MAX_LENGTH = 64;

const YES = /^(?:true|t|yes|y|yep|yeah|on|ok|sent|already[ _-]?sent|posted|delivered|done)$/;
const NO = /^(?:|false|f|no|n|nope|off|not[ _-]?(?:yet|sent)|never|unsent|none|null|nil|undefined|nan)$/;

/**
 * Whether a header says yes or no, as programs write it that know no booleans, or send every header as a text, a list or
 * a type of their own: any number but 0 is a yes. Undefined when it says neither.
 */
export function yesOrNo(header: unknown): boolean | undefined {
  if (typeof header === 'boolean') return header;
  if (typeof header === 'number') return Number.isNaN(header) ? undefined : header !== 0;
  if (typeof header === 'bigint') return header !== 0n;
  if (typeof header === 'string' || Buffer.isBuffer(header)) return yesOrNoOfText(header.toString());
  if (Array.isArray(header)) return header.length === 1 ? yesOrNo(header[0]) : undefined;
  if (typeof header !== 'object' || header === null) return undefined;
  // AMQP has types of its own, and amqplib says so like this: a decimal is `{ '!': 'decimal', value: { digits, places } }`.
  const { digits, value } = header as { digits?: unknown; value?: unknown };
  return yesOrNo(digits ?? value);
}

function yesOrNoOfText(raw: string): boolean | undefined {
  const text = raw
    .trim()
    .slice(0, MAX_LENGTH)
    // Full-width letters are letters.
    .normalize('NFKC')
    .toLowerCase()
    // Blanks, quotes, a full stop, a NUL.
    .replace(/^[^\p{L}\p{N}+-]+|[^\p{L}\p{N}]+$/gu, '');
  if (YES.test(text)) return true;
  return NO.test(text) ? false : yesOrNo(Number(text));
}
