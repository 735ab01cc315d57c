/** The last that is known of one part of a message. */
export interface PartResult {
  readonly part: number | null;
  readonly parts: number | null;
  /** Null in rows of the Python service, which had the HTTP code alone. */
  readonly outcome: string | null;
  readonly code: number | null;
  /** What settled a doubt; `none`: nothing did. */
  readonly evidence: string | null;
}

/** What the tables hold about a message. */
export interface MessageFacts {
  readonly results: readonly PartResult[];
  /** How many parts an echo has shown. */
  readonly echoed: number;
  /** How many parts GroupMe took and had not shown in time. */
  readonly undisplayed: number;
}

export const stateNames = {
  confirmed: 'in the chat, confirmed by echo',
  'in-chat': 'in the chat',
  waiting: 'waiting to be tried again',
  doubt: 'in doubt',
  refused: 'refused and parked',
  blocked: 'blocked',
  expired: 'expired',
  logged: 'logged only',
} as const;
export type StateName = keyof typeof stateNames;

export interface MessageState {
  readonly name: StateName;
  readonly words: string;
  /** A class of console.css. */
  readonly tone: 'good' | 'wait' | 'bad';
}

/** What became of a message, by the last result of each of its parts; undefined when there is none. */
export function stateOf({ echoed, results, undisplayed }: MessageFacts): MessageState | undefined {
  if (results.length === 0) return undefined;
  const outcomes = results.map(outcomeOf);
  const has = (...wanted: readonly string[]): boolean => outcomes.some((outcome) => wanted.includes(outcome));
  const parts = Math.max(...results.map((result) => result.parts ?? 1));
  const done = outcomes.filter((outcome) => outcome === 'delivered').length;
  const progress = parts > 1 ? ` (${done} of ${parts} parts are in the chat)` : '';

  if (has('blocked')) return state('blocked', 'bad');
  if (has('rejected')) return state('refused', 'bad', progress);
  if (has('expired')) return state('expired', 'bad', progress);
  if (has('unknown')) return state('doubt', 'wait', progress);
  if (has('refused', 'unreachable', 'misconfigured')) return state('waiting', 'wait', progress);
  if (has('already-sent') && done === 0) return state('logged', 'good');
  if (done < parts) return state('waiting', 'wait', progress);
  if (echoed >= parts) return state('confirmed', 'good');
  if (undisplayed > 0)
    return { name: 'in-chat', words: 'accepted by GroupMe, but not shown in time', tone: 'bad' };
  return state(
    'in-chat',
    'good',
    results.some(({ evidence }) => evidence === 'echo') ? ', seen by echo' : '',
  );
}

function state(name: StateName, tone: MessageState['tone'], more = ''): MessageState {
  return { name, words: `${stateNames[name]}${more}`, tone };
}

function outcomeOf({ code, outcome }: PartResult): string {
  if (outcome !== null) return outcome;
  return code !== null && code >= 200 && code < 300 ? 'delivered' : 'unknown';
}
