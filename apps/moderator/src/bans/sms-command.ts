import type { Database } from '@wbor/database';
import type { SenderNormaliser } from '@wbor/phone';
import type { Kysely } from 'kysely';
import { idFor } from '../ids.ts';
import { maskNumber } from '../messages/show.ts';
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

/** A ban or its end that the SMS service asks for. */
export interface SmsCommand {
  /** The same however often it is delivered. */
  readonly id: string;
  readonly action: 'ban' | 'unban';
  /** In normal form. */
  readonly sender: string;
}

/** Whoever it was that texted the command: the SMS service does not say. */
const CALLER = { callerId: 'sms', callerName: 'SMS service' } as const;

/**
 * Changes the ban list as the SMS service asks, and says so in the chat, once: all in one transaction, with the mark that it
 * was done.
 *
 * @throws whatever says that Postgres cannot do it now; then nothing has happened.
 */
export async function runSmsCommand(
  db: Kysely<Database>,
  command: SmsCommand,
  normaliseSender: SenderNormaliser,
  now: Date,
): Promise<'done' | 'unchanged' | 'duplicate'> {
  return db.transaction().execute(async (transaction) => {
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto('moderator_handled')
      .values({ callback_id: command.id, caller_id: CALLER.callerId, outcome: 'ran' })
      .onConflict((conflict) => conflict.column('callback_id').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) return 'duplicate';
    await lockBanList(transaction);
    const active = sameSender(await readActiveBans(transaction, now), command.sender, normaliseSender);
    const caller: Caller = { ...CALLER, callbackId: command.id };
    const { changes, text } =
      command.action === 'ban'
        ? await ban(transaction, command.sender, active, caller, now, normaliseSender)
        : await unban(transaction, command.sender, active, caller, now);
    await addToOutbox(transaction, [...changes, chatMessage(idFor('sms', command.id), text)]);
    return changes.length > 0 ? 'done' : 'unchanged';
  });
}

interface Change {
  readonly changes: readonly Outgoing[];
  readonly text: string;
}

async function ban(
  db: Kysely<Database>,
  sender: string,
  active: readonly BanRow[],
  call: Caller,
  now: Date,
  normaliseSender: SenderNormaliser,
): Promise<Change> {
  const shown = maskNumber(sender);
  if (active.some(({ until }) => until === null)) {
    return { changes: [], text: `The SMS service was told to ban ${shown}, who is banned for good already.` };
  }
  const reason = 'banned by SMS';
  const changes = await addBan(db, { sender, until: null, reason, about: null, call, now, normaliseSender });
  return {
    changes,
    text: `Banned ${shown} for good: the SMS service was told to. Undo: !unban ${sender.slice(-4)}`,
  };
}

async function unban(
  db: Kysely<Database>,
  sender: string,
  active: readonly BanRow[],
  call: Caller,
  now: Date,
): Promise<Change> {
  const shown = maskNumber(sender);
  if (active.length === 0) {
    return { changes: [], text: `The SMS service was told to unban ${shown}, who is not banned.` };
  }
  const senders = active.map((row) => row.sender);
  const changes = await liftBans(db, senders, call, now);
  return {
    changes,
    text: `Unbanned ${shown}: the SMS service was told to. Messages of this number appear again.`,
  };
}
