import fc from 'fast-check';
import type { ChatInput } from './types.ts';

const MARKS = ['!', '! ', '！', '\u200b!', '\u2060!', '!!', '¡', '@WBOR Bot !'] as const;
const COMMANDS = [
  'ban',
  'unban',
  'bans',
  'who',
  'stats',
  'ping',
  'status',
  'clear',
  'help',
  'Ban',
  'BAN',
  'constructor',
  '__proto__',
  'baan',
  '',
] as const;
const UIDS = [
  'TOKEN',
  '“TOKEN”',
  'TOKEN.',
  'TOKEN,',
  '\u200eTOKEN',
  'TOKEN\u200b',
  '12345678',
  '%',
  "'; --",
  '+12075550777',
  'TOKEN—spam',
  'x'.repeat(900),
] as const;
const LENGTHS = [
  '',
  '2h',
  'for 2h',
  '(2h)',
  '“2h”',
  '２h',
  'a week',
  'one day',
  'until tomorrow',
  'PT2H',
  '999999999999h',
  '-2h',
  '1e9d',
  'forever',
  '— 2h spam',
  '0m',
] as const;

/** What a member types: mostly a command, or something that looks like one. */
export function chatInput(token: string): fc.Arbitrary<ChatInput> {
  const command = fc
    .tuple(
      fc.constantFrom(...MARKS),
      fc.constantFrom(...COMMANDS),
      fc.constantFrom(...UIDS),
      fc.constantFrom(...LENGTHS),
    )
    .map(([mark, name, uid, length]) => `${mark}${name} ${uid.replace('TOKEN', token)} ${length}`);
  const talk = fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `${token} ${text}`);
  return fc
    .record({
      text: fc.oneof({ weight: 4, arbitrary: command }, { weight: 1, arbitrary: talk }),
      name: fc.constantFrom('Kim', 'Lee', '', '\u202e', 'N'.repeat(300), '<b>'),
      reply: fc.constantFrom<ChatInput['attachments']>(
        [],
        [],
        [{ type: 'reply' }],
        [{ type: 'mentions' }, { type: '' }],
      ),
    })
    .map(({ text, name, reply }) => ({
      kind: 'chat',
      token,
      what: `in the chat: ${JSON.stringify(text).slice(0, 60)}`,
      name,
      text,
      attachments: reply,
    }));
}
