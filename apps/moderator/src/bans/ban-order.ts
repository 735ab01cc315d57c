import type { Database } from '@wbor/database';
import { maskNumber } from '@wbor/message-text';
import type { SenderNormaliser } from '@wbor/phone';
import type { StationClock } from '@wbor/station-clock';
import type { Kysely } from 'kysely';
import { idFor } from '../ids.ts';
import { findByUid } from '../messages/find-by-uid.ts';
import { senderOf } from '../messages/found-message.ts';
import { showUid } from '../messages/show.ts';
import { addToOutbox } from '../replies/outbox.ts';
import { chatMessage, type Outgoing } from '../replies/outgoing.ts';
import {
  addBan,
  type BanRow,
  type Caller,
  liftBans,
  lockBanList,
  readActiveBans,
  sameSender,
} from './ban-list.ts';

/** A ban or its end that another service asks for. */
export interface BanOrder {
  /** The same however often it is delivered. */
  readonly id: string;
  readonly action: 'ban' | 'unban';
  /** A number in normal form, or the message whose sender is meant. */
  readonly whom: { readonly sender: string } | { readonly messageId: string };
  /** Null for good. */
  readonly until: Date | null;
  readonly reason: string;
  readonly caller: Omit<Caller, 'callbackId'>;
  /** The chat's words: "ASKED to ban …0123, who …", "Banned …0123 for good: BECAUSE. Undo: …". */
  readonly words: { readonly asked: string; readonly because: string };
}

/** What orders work with, and what they change. */
export interface BanOrderTools {
  readonly db: Kysely<Database>;
  readonly normaliseSender: SenderNormaliser;
  readonly clock: StationClock;
}

export type BanOrderResult = 'done' | 'unchanged' | 'duplicate' | { readonly fault: string };

/**
 * Changes the ban list as it is asked for, and says so in the chat, once: all in one transaction, with the mark that it was
 * done.
 *
 * @returns a fault, and has done nothing, where a message has no one sender.
 * @throws whatever says that Postgres cannot do it now; then nothing has happened.
 */
export async function runBanOrder(tools: BanOrderTools, order: BanOrder, now: Date): Promise<BanOrderResult> {
  return tools.db.transaction().execute(async (db) => {
    const found = await findSender(db, order.whom, tools.normaliseSender);
    if ('fault' in found) return found;
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('moderator_handled')
      .values({ callback_id: order.id, caller_id: order.caller.callerId, outcome: 'ran' })
      .onConflict((conflict) => conflict.column('callback_id').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) return 'duplicate';
    await lockBanList(db);
    const listed = await readActiveBans(db, now);
    const active = sameSender(listed, found.sender, tools.normaliseSender);
    const change = order.action === 'ban' ? ban : unban;
    const { changes, text } = await change({ ...tools, db }, { ...order, ...found }, active, now);
    await addToOutbox(db, [...changes, chatMessage(idFor('sms', order.id), text)]);
    return changes.length > 0 ? 'done' : 'unchanged';
  });
}

interface Found {
  /** In normal form. */
  readonly sender: string;
  readonly about: string | null;
}

interface Change {
  readonly changes: readonly Outgoing[];
  readonly text: string;
}

/** A message's id is whole here, and yet producers' own: two may have used one. */
async function findSender(
  db: Kysely<Database>,
  whom: BanOrder['whom'],
  normaliseSender: SenderNormaliser,
): Promise<Found | { readonly fault: string }> {
  if ('sender' in whom) return { sender: whom.sender, about: null };
  const found = await findByUid(db, whom.messageId, { preferSender: true });
  const messages = found.filter((row) => row.wbor_message_id === whom.messageId);
  const senders = new Set(messages.map((row) => senderOf(row, normaliseSender)));
  if (senders.size === 0) return { fault: 'there is no such message' };
  if (senders.size > 1) return { fault: 'messages of several senders have this id' };
  const sender = normaliseSender(messages[0]?.sender ?? '');
  return sender === '' ? { fault: 'the message has no sender' } : { sender, about: whom.messageId };
}

async function ban(
  { clock, db, normaliseSender }: BanOrderTools,
  { about, caller, id, reason, sender, until, words }: BanOrder & Found,
  active: readonly BanRow[],
  now: Date,
): Promise<Change> {
  const shown = maskNumber(sender);
  if (until !== null && until <= now) {
    return {
      changes: [],
      text: `${words.asked} to ban ${shown} until ${clock.showTime(until)}, which is over.`,
    };
  }
  if (until === null && active.some((row) => row.until === null)) {
    return { changes: [], text: `${words.asked} to ban ${shown}, who is banned for good already.` };
  }
  const call = { ...caller, callbackId: id };
  const changes = await addBan(db, { sender, until, reason, about, call, now, normaliseSender });
  const end = until === null ? 'for good' : `until ${clock.showTime(until)}`;
  const undo = about === null ? sender.slice(-4) : showUid(about);
  return { changes, text: `Banned ${shown} ${end}: ${words.because}. Undo: !unban ${undo}` };
}

async function unban(
  { db }: BanOrderTools,
  { caller, id, sender, words }: BanOrder & Found,
  active: readonly BanRow[],
  now: Date,
): Promise<Change> {
  const shown = maskNumber(sender);
  if (active.length === 0) {
    return { changes: [], text: `${words.asked} to unban ${shown}, who is not banned.` };
  }
  const senders = active.map((row) => row.sender);
  const changes = await liftBans(db, senders, { ...caller, callbackId: id }, now);
  return { changes, text: `Unbanned ${shown}: ${words.because}. Messages of this number appear again.` };
}
