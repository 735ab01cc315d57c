import type { CommandEvent } from '@wbor/contracts';
import { classifyDatabaseError, type Database } from '@wbor/database';
import type { Kysely } from 'kysely';
import { findCommand, unknownCommand } from '../commands/index.ts';
import { type CommandContext, type CommandResult, invalid } from '../commands/types.ts';
import { idFor } from '../ids.ts';
import { addOnceToOutbox, addToOutbox } from '../replies/outbox.ts';
import { chatMessage, commandReport } from '../replies/outgoing.ts';
import { checkPace, tooMany } from './check-pace.ts';
import type { CommandCall } from './read-command.ts';

export interface CommandPolicy {
  /** User ids that may change things; empty: everybody may. */
  readonly moderators: readonly string[];
  readonly maxAgeMs: number;
  /** Commands of one member in a minute; 0: no limit. */
  readonly maxPerMinute: number;
}

/** What commands work with, besides the database. */
export type CommandTools = Pick<
  CommandContext,
  'clock' | 'normaliseSender' | 'describeRelays' | 'consoleUrl'
>;

type RunOutcome = CommandResult['result'] | 'duplicate';

/**
 * Runs a command once, whoever else is given the same callback: what marks it as run, what it changes and what
 * will be published are one transaction, and a second run waits for that and finds the mark.
 *
 * A command that fails for a fault of its own or of ours would fail for ever: nothing is done, and the reply says so.
 *
 * @throws whatever says that Postgres cannot do it now; then nothing has happened.
 */
export async function runCommand(
  db: Kysely<Database>,
  call: CommandCall,
  { policy, tools }: { readonly policy: CommandPolicy; readonly tools: CommandTools },
  now: Date,
  onFault: (error: unknown) => void = () => undefined,
): Promise<RunOutcome> {
  try {
    return await attempt(db, call, policy, now, (transaction) =>
      decide({ ...tools, db: transaction, call, now }, policy),
    );
  } catch (error) {
    if (classifyDatabaseError(error) !== 'data' && !isProgrammingError(error)) throw error;
    onFault(error);
    return attempt(db, call, policy, now, async () => ({
      result: 'invalid',
      reply: 'Something in this command cannot be worked on, so nothing was done.',
    }));
  }
}

/** Neither Postgres nor the network throws these: code does that is wrong. */
function isProgrammingError(error: unknown): boolean {
  return [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
}

async function attempt(
  db: Kysely<Database>,
  call: CommandCall,
  { maxPerMinute }: CommandPolicy,
  now: Date,
  work: (transaction: Kysely<Database>) => Promise<CommandResult>,
): Promise<RunOutcome> {
  return db.transaction().execute(async (transaction) => {
    const pace = await checkPace(transaction, call.callerId, maxPerMinute);
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto('moderator_handled')
      .values({ callback_id: call.callbackId, caller_id: call.callerId, outcome: pace })
      .onConflict((conflict) => conflict.column('callback_id').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) {
      if (pace === 'ran') await answerEdit(transaction, call);
      return 'duplicate';
    }
    const {
      answeredLater = false,
      outgoing = [],
      reply,
      result,
    }: CommandResult = pace === 'ran' ? await work(transaction) : tooMany(pace);
    await addToOutbox(transaction, [
      ...outgoing,
      ...(reply === '' || answeredLater ? [] : [chatMessage(idFor('reply', call.callbackId), reply)]),
      commandReport(call, result, reply, now),
    ]);
    return result;
  });
}

/** A callback with a known id and another command is an edit. It is answered, once, and never run. */
async function answerEdit(db: Kysely<Database>, call: CommandCall): Promise<void> {
  const report = await db
    .selectFrom('moderator_outbox')
    .select('body')
    .where('message_id', '=', idFor('command', call.callbackId))
    .executeTakeFirst();
  const first = report?.body as CommandEvent | undefined;
  if (!first || (first.command === call.command && first.argument === call.argument)) return;
  const text =
    'I do not follow edits: what I answered before stands. Type the command as a new message if it is still wanted.';
  await addOnceToOutbox(db, chatMessage(idFor('edited', call.callbackId), text));
}

async function decide(context: CommandContext, policy: CommandPolicy): Promise<CommandResult> {
  const { call, now } = context;
  if (call.at === undefined || now.getTime() - call.at.getTime() > policy.maxAgeMs) {
    const minutes = Math.round(policy.maxAgeMs / 60_000);
    return {
      result: 'too-old',
      reply: `I got this command more than ${minutes} minutes after it was typed, so I did not run it. Type it again if it is still wanted.`,
    };
  }
  if (call.isQuoted) {
    return invalid(
      'That looks like a command, but something stands before its `!`, so nothing was done. If it is meant, type it again with the `!` first.',
    );
  }
  const command = findCommand(call.command);
  if (!command) return unknownCommand(call);
  if (command.restricted && policy.moderators.length > 0 && !policy.moderators.includes(call.callerId)) {
    return { result: 'refused', reply: `You are not on the list of people who may use !${command.name}.` };
  }
  return withLink(await command.run(context), context.consoleUrl);
}

function withLink(result: CommandResult, consoleUrl: string | undefined): CommandResult {
  const { page, reply } = result;
  return page === undefined || consoleUrl === undefined
    ? result
    : { ...result, reply: `${reply}\n${consoleUrl}${page}` };
}
