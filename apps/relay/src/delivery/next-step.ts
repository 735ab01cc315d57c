/**
 * What to do next with the message whose turn it is: the first row whose condition is true wins.
 *
 * | row | condition | step |
 * |---|---|---|
 * | lost | the channel that brought the message is gone | abandon: the broker gives it to another |
 * | complete | all its parts are in the chat | finish: tell the producer, acknowledge |
 * | stopping | this relay is about to end | abandon: closing the channel gives it back |
 * | hold expired | the broker's time limit for holding messages comes near | renew: give all back and get them again |
 * | rejected | GroupMe will never accept the next part | park what is left of it |
 * | late | nothing of it is in the chat, and the producer's deadline has passed | expire |
 * | banned | nothing of it is in the chat, and its sender is banned | block; await-bans while the ban list is not certain |
 * | in doubt | a call for the next part has no result, and the chat was not searched for it, or shows it | reconcile |
 * | not callable | the pace, a pause of GroupMe's or an outage's back-off is not over | wait |
 * | undetermined | the chat was searched for the call, and does not show it | conclude: it failed |
 * | otherwise | | post the next part |
 *
 * A message is begun as soon as anything of it may be in the chat, and is never late or banned from then on. Which
 * message's turn it is, the inbox says.
 */

/** All that the decision depends on. No I/O and no clock. */
export interface Facts {
  /** The channel that brought the message is gone. */
  readonly lost: boolean;
  readonly stopping: boolean;
  /** The messages in hand were held as long as they may be. */
  readonly holdExpired: boolean;
  /** GroupMe has rejected the next part. */
  readonly rejected: boolean;
  /** How many parts are in the chat, of how many. */
  readonly done: number;
  readonly parts: number;
  /** Whether anything of the message may be in the chat. */
  readonly begun: boolean;
  /** The producer's deadline has passed. */
  readonly late: boolean;
  /** What is known of the sender. */
  readonly sender: 'allowed' | 'banned' | 'uncertain';
  /**
   * A call for the next part whose result is not recorded: `unexamined` before the chat was searched for it, `shown`
   * once the chat shows it, `undetermined` when a search has not shown it.
   */
  readonly openCall: 'none' | 'unexamined' | 'shown' | 'undetermined';
  /** How long the next call must wait, in milliseconds. */
  readonly waitMs: number;
}

export type Step =
  | {
      readonly do:
        | 'abandon'
        | 'finish'
        | 'renew'
        | 'park'
        | 'expire'
        | 'block'
        | 'await-bans'
        | 'reconcile'
        | 'conclude';
    }
  | { readonly do: 'wait'; readonly forMs: number }
  /** The part's number, counted from 1. */
  | { readonly do: 'post'; readonly part: number };

interface Row {
  readonly name: string;
  readonly when: (facts: Facts) => boolean;
  readonly step: (facts: Facts) => Step;
}

export const rows: readonly Row[] = [
  { name: 'lost', when: (facts) => facts.lost, step: () => ({ do: 'abandon' }) },
  { name: 'complete', when: (facts) => facts.done >= facts.parts, step: () => ({ do: 'finish' }) },
  { name: 'stopping', when: (facts) => facts.stopping, step: () => ({ do: 'abandon' }) },
  { name: 'hold expired', when: (facts) => facts.holdExpired, step: () => ({ do: 'renew' }) },
  { name: 'rejected', when: (facts) => facts.rejected, step: () => ({ do: 'park' }) },
  { name: 'late', when: (facts) => !facts.begun && facts.late, step: () => ({ do: 'expire' }) },
  {
    name: 'banned',
    when: (facts) => !facts.begun && facts.sender !== 'allowed',
    step: ({ sender }) => ({ do: sender === 'banned' ? 'block' : 'await-bans' }),
  },
  {
    name: 'in doubt',
    when: ({ openCall }) => openCall === 'unexamined' || openCall === 'shown',
    step: () => ({ do: 'reconcile' }),
  },
  {
    name: 'not callable',
    when: ({ waitMs }) => waitMs > 0,
    step: ({ waitMs }) => ({ do: 'wait', forMs: waitMs }),
  },
  {
    name: 'undetermined',
    when: ({ openCall }) => openCall !== 'none',
    step: () => ({ do: 'conclude' }),
  },
];

export function nextStep(facts: Facts, table = rows): Step {
  const row = table.find(({ when }) => when(facts));
  return row ? row.step(facts) : { do: 'post', part: facts.done + 1 };
}
