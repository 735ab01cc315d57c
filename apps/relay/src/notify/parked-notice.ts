import { createTaskTracker, errorMessage } from '@wbor/async';
import type { Logger } from '@wbor/service';
import { v5 as uuidv5 } from 'uuid';
import type { Outbox } from '../outbox.ts';
import type { ParkReason } from '../park.ts';

/** What the chat is told of a message that was parked. Never its words. */
export interface ParkedMessage {
  /** Who sent it; undefined when nobody can say. */
  readonly source: string | undefined;
  /** A code of ours, or of the broker's. */
  readonly reason: string;
  readonly parkedAtMs: number;
}

/**
 * Tells the chat that a message was not posted: once per source and hour of the clock, and of a few sources an hour at
 * most; of the rest it is told once that there are more. The notices of an hour have ids of their own, so that the next
 * relay, or another beside this one, repeats none that is in the chat or on its way there.
 *
 * Not promised: a relay that is killed in the moment after it has parked a message may say nothing of it. `/readyz` does.
 */
export interface ParkedNotice {
  say(message: ParkedMessage): void;
  /** Waits for notices that are on their way to the broker, at most `timeoutMs`, then gives up. */
  drain(timeoutMs: number): Promise<void>;
}

/** Why the broker puts a message aside by itself. */
type BrokerReason = 'delivery_limit' | 'expired';

/** By this name the audit knows the relay's own words. */
export const NOTICE_SOURCE = 'relay';
const NOTICE_NAMESPACE = '6b0d7d8e-4b7e-5d3c-8a35-2f5f6f0f9c11';
const HOUR_MS = 3_600_000;
/** A flood under made-up names must not become a flood in the chat. */
const MAX_SOURCES_AN_HOUR = 12;
/** Beside the names: what says that there are more. */
const MORE = 'more';
const SEND_TIMEOUT_MS = 60_000;
const ABORT_TIMEOUT_MS = 500;
const MAX_NAME_LENGTH = 40;

const REASONS: Readonly<Record<ParkReason | BrokerReason, string>> = {
  'invalid-utf8': 'its text is not UTF-8',
  'invalid-charset': 'its text is not in the charset that it names',
  'unknown-encoding': 'nobody here knows its encoding',
  'invalid-encoding': 'it is not in the encoding that it names',
  'invalid-json': 'it is not JSON',
  'invalid-message': 'it does not have the fields of a message',
  empty: 'it has neither text nor an image',
  'too-long': 'its text is too long',
  rejected: 'GroupMe rejected it',
  fault: 'the relay failed at it again and again',
  'too-large': 'it is too large',
  'unreadable-headers': 'its headers are nested too deep',
  'delivered-too-often': 'nobody came to an end with it',
  delivery_limit: 'it was given back too often',
  expired: 'it has expired',
};

export function createParkedNotice(options: {
  outbox: Pick<Outbox, 'putLow'>;
  /** Where people look at what was parked; undefined: there is no console. */
  consoleUrl?: string | undefined;
  logger: Logger;
}): ParkedNotice {
  const { consoleUrl, logger, outbox } = options;
  const howToLook = consoleUrl === undefined ? HOW_TO_LOOK : `${consoleUrl}/parked`;
  // A link is found at the end.
  const ending =
    consoleUrl === undefined ? `${howToLook} (Said once an hour.)` : `(Said once an hour.) ${howToLook}`;
  const giveUp = new AbortController();
  const tasks = createTaskTracker();
  let hour = 0;
  let told = new Set<string>();

  async function send(topic: string, text: string): Promise<void> {
    if (told.has(topic)) return;
    told.add(topic);
    const id = uuidv5(`${topic}\n${hour}`, NOTICE_NAMESPACE);
    const sentInHour = hour;
    try {
      await outbox.putLow(
        {
          wbor_message_id: id,
          source: NOTICE_SOURCE,
          parts: [{ text }],
          planned_at: Date.now(),
          acknowledge: false,
        },
        id,
        AbortSignal.any([giveUp.signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]),
      );
    } catch (error) {
      logger.warn({ error: errorMessage(error) }, 'could not tell the chat of a parked message');
      // The next one is told of instead.
      if (hour === sentInHour) told.delete(topic);
    }
  }

  return {
    say({ parkedAtMs, reason, source }) {
      // Somebody else's clock, or word: one that is ahead must not silence us.
      const parkedInHour = Math.floor(Math.min(parkedAtMs, Date.now()) / HOUR_MS);
      // Of an hour that is over it was told, or it is too late to be of use.
      if (parkedInHour < hour) return;
      if (parkedInHour > hour) told = new Set();
      hour = parkedInHour;
      const name = source === undefined ? '' : nameOf(source);
      const topic = `source ${name.toLowerCase()}`;
      if (told.has(topic)) return;
      const sending =
        told.size < MAX_SOURCES_AN_HOUR
          ? send(topic, `${describe(name, reason)} ${ending}`)
          : send(MORE, `Messages of other sources were not posted either. ${howToLook}`);
      void tasks.track(sending);
    },
    async drain(timeoutMs) {
      if (await tasks.drain(timeoutMs)) return;
      giveUp.abort();
      await tasks.drain(ABORT_TIMEOUT_MS);
    },
  };
}

const HOW_TO_LOOK = 'Whoever runs the relay sees what was put aside with `parked list`.';

function describe(name: string, reason: string): string {
  const what = name === '' ? 'A message' : `A message of ${name}`;
  const why = isKnown(reason) ? REASONS[reason] : `the reason is ${nameOf(reason)}`;
  return `${what} was not posted, or not all of it: ${why}.`;
}

function isKnown(reason: string): reason is keyof typeof REASONS {
  return Object.hasOwn(REASONS, reason);
}

/** Names come from routing keys, which anybody chooses: no line, no link and no footer may be made of one. */
function nameOf(text: string): string {
  return text
    .slice(0, 4 * MAX_NAME_LENGTH)
    .toWellFormed()
    .replace(/[^\p{L}\p{N}\p{M}._+-]+/gu, ' ')
    .replace(/-{2,}/g, '-')
    .trim()
    .slice(0, MAX_NAME_LENGTH)
    .toWellFormed();
}
