import type { Progress } from '@wbor/contracts';
import { type MessageState, type PartResult, stateOf } from '../messages/state.ts';

/** A message that is on its way, or has just arrived, as far as we have heard. */
export interface LiveMessage {
  /** In the chat and in the audit; undefined while its producer's message alone is known, which had none. */
  readonly id: string | undefined;
  /** Of this message among the others here; never changes. */
  readonly key: string;
  readonly source: string;
  readonly sender: string | undefined;
  readonly senderName: string | undefined;
  readonly text: string;
  /** When we first heard of it. */
  readonly at: Date;
  readonly state: LiveState;
  /** The last result of each part. */
  readonly results: ReadonlyMap<number, PartResult>;
  /** What each part says, by which its echo is known. */
  readonly texts: ReadonlyMap<number, string>;
  /** Parts that an echo has shown. */
  readonly echoed: ReadonlySet<number>;
}

export interface LiveState {
  readonly words: string;
  readonly tone: MessageState['tone'];
}

export const RECEIVED: LiveState = { words: 'received', tone: 'wait' };

/** What the relay says while it works on a message. */
export function stateOfProgress({ part, parts = 1, reason, state }: Progress): LiveState {
  const which = part === undefined || parts === 1 ? '' : ` part ${part} of ${parts}`;
  switch (state) {
    case 'planned':
      return { words: parts === 1 ? 'planned' : `planned in ${parts} parts`, tone: 'wait' };
    case 'posting':
      return { words: `posting${which}`, tone: 'wait' };
    case 'in-doubt':
      return { words: `in doubt: no answer for${which || ' the post'}, looking in the chat`, tone: 'wait' };
    case 'parked':
      return { words: `parked${reason === undefined ? '' : `: ${reason}`}`, tone: 'bad' };
  }
}

/** What the results of its calls, and its echoes, make of a message. */
export function stateOfResults({ echoed, results }: Pick<LiveMessage, 'echoed' | 'results'>): LiveState {
  return stateOf({ results: [...results.values()], echoed: echoed.size, undisplayed: 0 }) ?? RECEIVED;
}
