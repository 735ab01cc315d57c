import { createHash } from 'node:crypto';
import type { CallOutcome } from '@wbor/groupme';

/** A message as it was accepted. What is published is made of this alone, so that a repeat has the same bytes. */
export interface AcceptedMessage {
  /** The `wbor_message_id`. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly source: string;
  readonly body: string;
  readonly images: readonly string[];
  readonly urgent: boolean;
}

/** One line of the spool. Each is true from the moment at which it is on disk. */
export type SpoolRecord =
  | { readonly t: 'accepted'; readonly message: AcceptedMessage }
  /**
   * From now on the relay may get it; `by`, in epoch ms, it has begun to post it, or never will. `instead`: the last offer was
   * not made after all, and the one before it counts again. `at`: when, in epoch ms; in older files it is missing.
   */
  | {
      readonly t: 'offered';
      readonly id: string;
      readonly by?: number | undefined;
      readonly at?: number | undefined;
      readonly instead?: boolean;
    }
  /** It is certain that nobody has it but us: the relay never got it, or will not post it. */
  | { readonly t: 'ours'; readonly id: string }
  | { readonly t: 'calling'; readonly id: string; readonly call: OwnCall }
  | { readonly t: 'called'; readonly id: string; readonly callId: string; readonly result: CallResult }
  /** The audit has heard of the call. */
  | { readonly t: 'logged'; readonly id: string; readonly callId: string }
  /** Nothing more is to be posted for it. */
  | { readonly t: 'done'; readonly id: string };

/** A call of bots/post. */
export interface OwnCall {
  readonly callId: string;
  readonly part: number;
  readonly parts: number;
  readonly attempt: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly text: string;
}

export interface CallResult {
  readonly code: number;
  readonly outcome: CallOutcome;
  readonly durationMs: number;
  readonly error?: string;
}

/** What the spool knows of one message. */
export interface SpoolEntry {
  readonly message: AcceptedMessage;
  /** Whether it was written to a file when it was accepted. */
  onDisk: boolean;
  /** Whether the relay may have it, or have had it. */
  offered: boolean;
  /** Of the first offer since it was ours: epoch ms. The relay may have posted it ever since. */
  offeredAt: number | undefined;
  /** Of the last offer: epoch ms after which the relay does not begin any more. Without it the relay may at any time. */
  offeredBy: number | undefined;
  done: boolean;
  readonly calls: EntryCall[];
}

export interface EntryCall {
  readonly call: OwnCall;
  result?: CallResult;
  logged: boolean;
}

/** What the chat is to show of a message, and who says it. Two messages with one id and the same of this are one. */
export function contentOf({ body, images, source }: AcceptedMessage): string {
  return JSON.stringify([source, body, images]);
}

/** Nothing is left to do: it is done, and the audit has heard of each call. */
export function isSettled({ calls, done }: SpoolEntry): boolean {
  return done && calls.every(({ logged }) => logged);
}

/** Calls after which the part may be in the chat. */
export function mayBeInChat({ result }: EntryCall): boolean {
  return result === undefined || result.outcome === 'delivered' || result.outcome === 'unknown';
}

/** Applies a record. One of a message that is not known is left out: its message was settled. */
export function applyRecord(entries: Map<string, SpoolEntry>, record: SpoolRecord): void {
  if (record.t === 'accepted') {
    const { message } = record;
    const known = entries.get(message.id);
    // After a settled one it is another message: its id was given again when nobody remembered the first.
    if (known === undefined || isSettled(known)) entries.set(message.id, newEntry(message));
    return;
  }
  const entry = entries.get(record.id);
  if (entry === undefined) return;
  if (record.t === 'offered') {
    // An offer without a deadline stays open, whatever is offered after it.
    if (record.instead === true || !entry.offered || record.by === undefined) entry.offeredBy = record.by;
    else if (entry.offeredBy !== undefined) entry.offeredBy = Math.max(entry.offeredBy, record.by);
    if (!entry.offered) entry.offeredAt = record.at ?? entry.message.at;
    entry.offered = true;
  } else if (record.t === 'ours') entry.offered = false;
  else if (record.t === 'done') entry.done = true;
  else if (record.t === 'calling') entry.calls.push({ call: record.call, logged: false });
  else {
    const call = entry.calls.find((it) => it.call.callId === record.callId);
    if (call === undefined) return;
    if (record.t === 'called') call.result = record.result;
    else call.logged = true;
  }
}

function newEntry(message: AcceptedMessage): SpoolEntry {
  return {
    message,
    onDisk: false,
    offered: false,
    offeredAt: undefined,
    offeredBy: undefined,
    done: false,
    calls: [],
  };
}

/** A record as a line: a checksum, a space, JSON without line breaks. */
export function encodeRecord(record: SpoolRecord): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

/**
 * Reads whole lines whose checksum is right, and skips the others: a process that was killed while it wrote has left half a
 * line, and promised nothing for it.
 */
export function decodeRecords(text: string): SpoolRecord[] {
  const records: SpoolRecord[] = [];
  for (const line of text.split('\n')) {
    const json = line.slice(CHECKSUM_LENGTH + 1);
    if (json === '' || line.slice(0, CHECKSUM_LENGTH) !== checksum(json)) continue;
    records.push(JSON.parse(json) as SpoolRecord);
  }
  return records;
}

const CHECKSUM_LENGTH = 16;

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, CHECKSUM_LENGTH);
}
