import type { ColumnType, Generated } from 'kysely';
import type { EventColumns } from './event-columns.ts';

/** A command that was typed in the chat, and what came of it. */
export interface CommandsTable extends EventColumns {
  groupme_id: string | null;
  command: string | null;
  argument: string | null;
  caller: string | null;
  caller_name: string | null;
  result: string | null;
  reply: string | null;
}

/** A change of the ban list, with the number in full. */
export interface BanChangesTable extends EventColumns {
  groupme_id: string | null;
  action: string | null;
  sender: string | null;
  until: ColumnType<Date | null, Date | null, never>;
  reason: string | null;
  about: string | null;
  caller: string | null;
  caller_name: string | null;
  version: ColumnType<string | null, number | null, never>;
}

/** The moderator's own: who may not be forwarded. A lifted ban stays as history. */
export interface BansTable {
  id: string;
  sender: string;
  banned_at: ColumnType<Date, Date, never>;
  /** The end of the ban; null when it has none. */
  until: ColumnType<Date | null, Date | null, never>;
  reason: string | null;
  /** The message whose UID was given. */
  about: string | null;
  banned_by: string;
  banned_by_name: string | null;
  lifted_at: ColumnType<Date | null, Date | null, Date>;
  /** A user id, or `expired`. */
  lifted_by: string | null;
}

/** One row. Whoever changes the list locks it first. */
export interface BanListVersionTable {
  single: Generated<boolean>;
  version: ColumnType<string, number, never>;
}

/** Callbacks whose command has been run: it is never run again. */
export interface HandledTable {
  callback_id: string;
  handled_at: Generated<Date>;
  /** Null in rows of an older moderator. */
  caller_id: string | null;
  /** `limited`: answered that it is one too many; `ignored`: not even that. Null in rows of an older moderator. */
  outcome: 'ran' | 'limited' | 'ignored' | null;
}

/** One row: the time zone by which days are cut. */
export interface StationClockTable {
  single: Generated<boolean>;
  time_zone: string;
}

/** What the moderator has promised to publish, committed together with the change that it reports. */
export interface OutboxTable {
  id: Generated<string>;
  message_id: string;
  routing_key: string;
  body: ColumnType<unknown, string, never>;
  /** Whether some queue must take it. */
  mandatory: boolean;
  created_at: Generated<Date>;
  published_at: ColumnType<Date | null, never, Date>;
}

/** One row a message that the chat was given or spared, kept by a trigger on `groupme_posts`. */
export interface MessagesTable {
  wbor_message_id: string;
  first_at: Date;
  source: string;
  sender: string | null;
  sender_name: string | null;
  /** The first 200 characters of the first post. */
  text: string | null;
  blocked: boolean;
}

/** Counts as `bigint`, which the driver gives as text. */
export interface Totals {
  messages: string;
  images: string;
  blocked: string;
  first_at: Date;
  last_at: Date;
}

export interface StatsBySenderView extends Totals {
  sender: string;
}

export interface StatsBySourceView extends Totals {
  source: string;
}

/** One row of nulls while there is no message. */
export type StatsOverallView = { [Key in keyof Totals]: Totals[Key] | null };

/** Days of the station's time zone. */
export interface StatsByDayView extends Totals {
  day: Date;
}
