import type { Broker, BrowsedMessage } from '@wbor/amqp';
import {
  auditEventsQueue,
  auditParkedQueue,
  moderatorCallbacksQueue,
  moderatorParkedQueue,
  moderatorRequestsQueue,
  moderatorSmsCommandsQueue,
  queueName,
  relayJournalQueue,
  relayOutboxQueue,
  relayOutboxUrgentQueue,
  relayParkedQueue,
  relayStandardQueue,
  relayTwilioQueue,
} from '@wbor/contracts';
import { isAbout, type Removal } from '@wbor/database';
import type { SoughtNumber } from '@wbor/phone';
import { findUnfinished, type JournalEntry, readJournalEntry } from './judge-journal.ts';

/** Queues that services work on. Who looks into one holds up what is in it, an emergency among it. */
const WORK_QUEUES = [
  relayTwilioQueue,
  relayStandardQueue,
  relayOutboxUrgentQueue,
  relayOutboxQueue,
  auditEventsQueue,
  moderatorCallbacksQueue,
  moderatorSmsCommandsQueue,
  moderatorRequestsQueue,
];
const PARKED_QUEUES = [relayParkedQueue, auditParkedQueue, moderatorParkedQueue];

type Namespace = Parameters<typeof queueName>[1];
type Traces = Pick<Removal, 'messageIds' | 'uids'>;

export interface QueueRemoval {
  /** Messages that are the person's or name the number, by the queue's full name. */
  readonly messages: Readonly<Record<string, number>>;
  /** Entries of the journal that a relay may still need. */
  readonly leftInJournal: number;
}

/** How many messages wait in queues that are worked on, by full name; those without any are left out. */
export async function countWaiting(broker: Broker, namespace: Namespace): Promise<Record<string, number>> {
  const names = WORK_QUEUES.map((queue) => queueName(queue, namespace));
  const counts: Record<string, number> = {};
  for (const [index, facts] of (await broker.inspectQueues(names)).entries()) {
    if (facts && facts.messageCount > 0) counts[names[index] ?? ''] = facts.messageCount;
  }
  return counts;
}

/**
 * Takes out of parking queues and the journal what is of the person, or names the number; with `dryRun` it only counts.
 * What is parked is dropped with that: it was never posted, and will not be.
 */
export async function removeFromQueues(
  broker: Broker,
  namespace: Namespace,
  sought: SoughtNumber,
  traces: Traces,
  dryRun: boolean,
): Promise<QueueRemoval> {
  const messages: Record<string, number> = {};
  const add = (name: string, count: number) => {
    if (count > 0) messages[name] = count;
  };
  for (const queue of PARKED_QUEUES) {
    const name = queueName(queue, namespace);
    let count = 0;
    await walk(broker, name, (message) => {
      if (!isOfPerson(message, sought, traces)) return;
      count += 1;
      if (!dryRun) message.remove();
    });
    add(name, count);
  }

  const journal = queueName(relayJournalQueue, namespace);
  const { left, removed } = await removeFromJournal(broker, journal, sought, traces, dryRun);
  add(journal, removed);
  return { messages, leftInJournal: left };
}

async function removeFromJournal(
  broker: Broker,
  journal: string,
  sought: SoughtNumber,
  traces: Traces,
  dryRun: boolean,
): Promise<{ removed: number; left: number }> {
  const entries: JournalEntry[] = [];
  const meant: { readonly entry: JournalEntry; readonly message: BrowsedMessage }[] = [];
  let left = 0;
  await walk(
    broker,
    journal,
    (message) => {
      const entry = readJournalEntry(message.content);
      entries.push(entry);
      if (isOfPerson(message, sought, traces) || isAnswerAbout(message, traces))
        meant.push({ entry, message });
    },
    () => {
      const unfinished = findUnfinished(entries, Date.now());
      const isUnfinished = ({ wborMessageId = '' }: JournalEntry) => unfinished.has(wborMessageId);
      const areAllOver = !meant.some(({ entry }) => isUnfinished(entry));
      for (const { entry, message } of meant) {
        // An echo does not say of which message it is.
        const isNeeded = entry.sentAt === undefined ? !areAllOver : isUnfinished(entry);
        if (isNeeded) left += 1;
        else if (!dryRun) message.remove();
      }
    },
  );
  return { removed: meant.length - left, left };
}

/** `atEnd` is called while everything is still in hand. */
async function walk(
  broker: Broker,
  queue: string,
  look: (message: BrowsedMessage) => void,
  atEnd: () => void = () => {},
): Promise<void> {
  const browser = await broker.browse(queue);
  try {
    for (let message = await browser.next(); message !== undefined; message = await browser.next())
      look(message);
    atEnd();
  } finally {
    await browser.close();
  }
}

function isOfPerson(
  { content, headers, messageId = '' }: BrowsedMessage,
  sought: SoughtNumber,
  { messageIds, uids }: Traces,
): boolean {
  if (isAbout(content, sought, messageIds)) return true;
  if (isAbout(Buffer.from(JSON.stringify([messageId, headers])), sought, messageIds)) return true;
  return hasWord(content, /(?<=---uid---\\n)[^\\]{4,12}/g, uids);
}

/** Our bot's answers repeat the name and the words of the message whose UID is in them, and have no footer. */
function isAnswerAbout({ content }: BrowsedMessage, { uids }: Traces): boolean {
  return !content.includes('---UID---') && hasWord(content, /(?<![a-z0-9])[a-z0-9]{4,12}(?![a-z0-9])/g, uids);
}

function hasWord(content: Buffer, pattern: RegExp, words: ReadonlySet<string>): boolean {
  for (const [word] of content.toString().toLowerCase().matchAll(pattern)) if (words.has(word)) return true;
  return false;
}
