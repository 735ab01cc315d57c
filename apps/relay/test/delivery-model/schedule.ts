import type { Lane } from '../../src/outbox.ts';

/** A message of a schedule. */
export interface ModelMessage {
  readonly lane: Lane;
  readonly source: string;
  readonly parts: number;
  /** Whether it has a sender, who may be banned. */
  readonly sender: boolean;
  /** When it is put into the outbox, and how long its producer waits then, in milliseconds. */
  readonly atMs: number;
  readonly patienceMs: number | undefined;
  /** Whether its producer wants to hear that it is about to be posted. */
  readonly interim: boolean;
}

/** How GroupMe answers one call. `lost-*`: there is no answer, and the post is in the chat or not. */
export type Answer = 'accepts' | 'limits' | 'unreachable' | 'rejects' | 'lost-shown' | 'lost-absent';

/**
 * What happens to a relay. `channel-cut`: the channel is gone, and the relay finds out when it asks, or a while later.
 * `stopped-and-lost`: it is told to stop, and its channel breaks in the same moment.
 */
export type Incident =
  | 'channel-lost'
  | 'channel-cut'
  | 'relay-killed'
  | 'relay-stopped'
  | 'stopped-and-lost'
  | 'ban'
  | 'unban'
  | 'bans-uncertain'
  | 'bans-certain';

/** All that chance decides about one run. */
export interface Schedule {
  readonly messages: readonly ModelMessage[];
  readonly incidents: readonly { readonly atMs: number; readonly what: Incident }[];
  /** Each call's answer and duration in turn; after the last one GroupMe accepts at once. */
  readonly calls: readonly { readonly answer: Answer; readonly ms: number }[];
  /** Whether each search of the chat gives certainty, in turn; after the last one it does. */
  readonly searches: readonly boolean[];
  /** Whether a producer that wants to hear of a post can be told, in turn; after the last one it can. */
  readonly tells: readonly boolean[];
  /** How long the broker takes to answer, in milliseconds: whatever happens then finds the relay between two steps. */
  readonly brokerMs: number;
}
