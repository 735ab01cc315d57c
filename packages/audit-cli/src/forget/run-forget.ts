import { createInterface } from 'node:readline/promises';
import { connectBroker } from '@wbor/amqp';
import { auditQueues, deriveTopology, moderatorQueues, relayQueues } from '@wbor/contracts';
import { countUnpublished, createDatabase, forgetSender, tidyAfterForgetting } from '@wbor/database';
import { seekNumber } from '@wbor/phone';
import { brokerNamespace, brokerUrl, createLogger } from '@wbor/service';
import { type ForgetCommand, UsageError } from '../command.ts';
import type { ForgetConfig } from '../config.ts';
import { countWaiting, removeFromQueues } from './queues.ts';
import { describeFound, describeWaiting } from './report.ts';

/** A pass over millions of rows takes minutes. */
const STATEMENT_TIMEOUT_MS = 3_600_000;

const DONE = 0;
const NOT_CONFIRMED = 1;
const SOMETHING_LEFT = 3;

/**
 * Removes a person: looks first and says what it found, asks, then takes messages out of queues and changes the database,
 * in this order, since what was found in the database tells which messages are meant.
 *
 * @returns the exit code.
 */
export async function runForget(
  command: ForgetCommand,
  config: ForgetConfig,
  terminal: { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream },
): Promise<number> {
  const { dryRun, liftBan } = command;
  const sought = seekNumber(command.number, config.STATION_COUNTRY);
  if (sought === undefined) throw new UsageError(`${command.number} is no number that a person can have`);
  if (!dryRun && !command.yes && terminal.stdin.isTTY !== true)
    throw new UsageError('nobody is there to be asked: give --yes, or --dry-run');
  const say = (text: string) => void terminal.stdout.write(`${text}\n`);

  const namespace = brokerNamespace(config);
  const database = createDatabase({
    connectionString: config.DATABASE_URL.reveal(),
    applicationName: 'wbor audit forget',
    maxConnections: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    idleInTransactionTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const broker = await connectBroker({
    url: brokerUrl(config),
    appId: 'audit',
    topology: deriveTopology([...relayQueues, ...auditQueues, ...moderatorQueues], namespace),
    logger: createLogger({ name: 'audit', level: 'warn', pretty: process.stderr.isTTY === true }),
  });
  try {
    const waiting = await countWaiting(broker, namespace);
    const unpublished = await countUnpublished(database.db);
    if (unpublished > 0) waiting['the table moderator_outbox'] = unpublished;
    const isWaiting = Object.keys(waiting).length > 0;
    if (isWaiting) say(describeWaiting(waiting));
    if (isWaiting && !dryRun && !command.evenIfWaiting) {
      say('Nothing was removed. Try again when they have been worked off, or with --even-if-waiting.');
      return SOMETHING_LEFT;
    }

    const options = { liftBan, dryRun: true, messages: {} };
    const found = await forgetSender(database.db, sought, options);
    const inQueues = await removeFromQueues(broker, namespace, sought, found, true);
    say(describeFound(found, inQueues, dryRun ? 'would be' : 'to be'));
    if (dryRun) return isWaiting || inQueues.leftInJournal > 0 ? SOMETHING_LEFT : DONE;
    if (!command.yes && !(await isConfirmed(terminal))) {
      say('Nothing was removed.');
      return NOT_CONFIRMED;
    }

    const removed = await removeFromQueues(broker, namespace, sought, found, false);
    const removal = await forgetSender(database.db, sought, {
      liftBan,
      dryRun: false,
      messages: removed.messages,
    });
    say(describeFound(removal, removed, 'were'));
    await tidyAfterForgetting(database.db);
    return isWaiting || removed.leftInJournal > 0 ? SOMETHING_LEFT : DONE;
  } finally {
    await broker.close();
    await database.close();
  }
}

async function isConfirmed({
  stdin,
  stdout,
}: {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stdout });
  try {
    return /^y(es)?$/i.test((await lines.question('Remove it for good? [y/N] ')).trim());
  } finally {
    lines.close();
  }
}
