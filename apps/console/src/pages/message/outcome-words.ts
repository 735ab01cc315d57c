import type { MessageState } from '../../messages/state.ts';

type Tone = MessageState['tone'];

const OUTCOMES: Readonly<Record<string, readonly [Tone, string]>> = {
  delivered: ['good', 'GroupMe took it'],
  refused: ['wait', 'GroupMe took no more posts just then; nothing was posted'],
  unreachable: ['wait', 'GroupMe was not reached; nothing was posted'],
  unknown: ['wait', 'No usable answer: it may or may not have been posted'],
  misconfigured: ['bad', 'GroupMe does not accept the bot; kept until the settings are right'],
  rejected: ['bad', 'GroupMe refused it for good; it was parked'],
  'already-sent': ['good', 'Its producer had posted it by itself; it was only logged'],
  blocked: ['bad', 'Not posted: its sender is banned'],
  expired: ['bad', 'Not posted: its time was over'],
  'not-attached': ['bad', 'The picture was not attached'],
};

const EVIDENCE: Readonly<Record<string, string>> = {
  echo: 'It was in doubt until its echo showed that it is in the chat.',
  'read-back': 'It was in doubt until a look at the chat showed that it is there.',
  none: 'Nothing showed it in the chat, so it was posted again: the chat may show it twice.',
};

/** How a call ended, for people. Rows of the Python service have no outcome. */
export function outcomeWords(outcome: string | null, code: number | null): { tone: Tone; words: string } {
  const known = outcome === null ? undefined : OUTCOMES[outcome];
  if (known !== undefined) return { tone: known[0], words: known[1] };
  if (outcome !== null) return { tone: 'wait', words: outcome };
  const isTaken = code !== null && code >= 200 && code < 300;
  return isTaken
    ? { tone: 'good', words: 'GroupMe took it' }
    : { tone: 'wait', words: 'GroupMe did not take it' };
}

/** What settled a doubt; undefined where there was none. */
export function evidenceWords(evidence: string | undefined): string | undefined {
  return evidence === undefined ? undefined : EVIDENCE[evidence];
}

/** "HTTP 202", "no answer". */
export function codeWords(code: number | null): string | undefined {
  if (code === null) return undefined;
  return code === 0 ? 'no answer' : `HTTP ${code}`;
}
