import type { ColumnType, Generated, Insertable } from 'kysely';
import type { ConsoleActionsTable, ConsoleSessionsTable } from './console-tables.ts';
import type { EventColumns, Json } from './event-columns.ts';
import type {
  BanChangesTable,
  BanListVersionTable,
  BansTable,
  CommandsTable,
  HandledTable,
  MessagesTable,
  OutboxTable,
  StationClockTable,
  StatsByDayView,
  StatsBySenderView,
  StatsBySourceView,
  StatsOverallView,
} from './moderation-tables.ts';

/** One call of GroupMe's bots/post, or a producer's own post. */
export interface PostsTable extends EventColumns {
  text: string | null;
  picture_url: string | null;
  part: number | null;
  parts: number | null;
  attempt: number | null;
  outcome: string | null;
  /** What settled a doubtful outcome; null for one that was never in doubt. */
  evidence: string | null;
  sender: string | null;
  sender_name: string | null;
  duration_ms: number | null;
  error: string | null;
}

/** One call of GroupMe's image service, or the reason why there was none. */
export interface ImagesTable extends EventColumns {
  image_url: string | null;
  picture_url: string | null;
  content_type: string | null;
  bytes: ColumnType<string | null, number | null, never>;
  sha256: string | null;
  attempt: number | null;
  outcome: string | null;
  sender: string | null;
  duration_ms: number | null;
  error: string | null;
}

/** A message that GroupMe called back with: from people in `groupme_callbacks`, from bots in `groupme_echoes`. */
export interface CallbacksTable extends EventColumns {
  /** GroupMe's own id of the message: up to 18 digits, so text. */
  groupme_id: string | null;
  group_id: string | null;
  sender: string | null;
  sender_name: string | null;
  sender_type: string | null;
  text: string | null;
  /** Address of the first attachment that is an image. */
  picture_url: string | null;
}

/** A post that GroupMe accepted and that no echo had shown in time. It happened when that was found. */
export interface UndisplayedTable extends EventColumns {
  text: string | null;
  picture_url: string | null;
  part: number | null;
  parts: number | null;
  /** When the post was made. */
  sent_at: ColumnType<Date | null, Date | null, never>;
  waited_ms: number | null;
}

/** What could not be stored as an event. Nothing is thrown away. */
export interface RejectedTable {
  event_id: string;
  received_at: Generated<Date>;
  /** The AMQP timestamp. */
  occurred_at: ColumnType<Date | null, Date | null, never>;
  routing_key: string;
  message_id: string | null;
  headers: Json;
  /** As it came, except that bot ids are masked. */
  body: Buffer;
  error: string;
}

/** One line of a message's story, in order; a view, see the migration for what it can tell. */
export interface MessageStoryView {
  wbor_message_id: string;
  occurred_at: Date;
  kind: 'post' | 'image' | 'callback' | 'echo' | 'undisplayed';
  part: number | null;
  attempt: number | null;
  outcome: string | null;
  code: number | null;
  text: string | null;
  picture_url: string | null;
  detail: Record<string, unknown>;
  /** What the chat shows of the id, in lower case. */
  uid: string;
}

export interface Database {
  groupme_posts: PostsTable;
  groupme_images: ImagesTable;
  groupme_callbacks: CallbacksTable;
  groupme_echoes: CallbacksTable;
  groupme_undisplayed: UndisplayedTable;
  groupme_commands: CommandsTable;
  groupme_ban_changes: BanChangesTable;
  audit_rejected: RejectedTable;
  message_story: MessageStoryView;
  groupme_messages: MessagesTable;
  stats_by_sender: StatsBySenderView;
  stats_by_source: StatsBySourceView;
  stats_overall: StatsOverallView;
  stats_by_day: StatsByDayView;
  bans: BansTable;
  ban_list_version: BanListVersionTable;
  moderator_handled: HandledTable;
  moderator_outbox: OutboxTable;
  station_clock: StationClockTable;
  console_sessions: ConsoleSessionsTable;
  console_actions: ConsoleActionsTable;
}

export type EventTable =
  | 'groupme_posts'
  | 'groupme_images'
  | 'groupme_callbacks'
  | 'groupme_echoes'
  | 'groupme_undisplayed'
  | 'groupme_commands'
  | 'groupme_ban_changes';
export type EventRow<Table extends EventTable = EventTable> = Insertable<Database[Table]>;
export type RejectedRow = Insertable<RejectedTable>;

type SqlType = 'uuid' | 'text' | 'integer' | 'bigint' | 'double precision' | 'timestamptz' | 'jsonb';
type Columns<Table> = Readonly<Record<Exclude<keyof Table, 'received_at'>, SqlType>>;

const eventColumns = {
  event_id: 'uuid',
  occurred_at: 'timestamptz',
  wbor_message_id: 'text',
  source: 'text',
  code: 'integer',
  bot: 'text',
  payload: 'jsonb',
} as const;

const callbackColumns: Columns<CallbacksTable> = {
  ...eventColumns,
  groupme_id: 'text',
  group_id: 'text',
  sender: 'text',
  sender_name: 'text',
  sender_type: 'text',
  text: 'text',
  picture_url: 'text',
};

/** The columns that an insert fills, with their types; the compiler holds them against the tables above. */
export const eventTableColumns: { readonly [Table in EventTable]: Columns<Database[Table]> } = {
  groupme_posts: {
    ...eventColumns,
    text: 'text',
    picture_url: 'text',
    part: 'integer',
    parts: 'integer',
    attempt: 'integer',
    outcome: 'text',
    evidence: 'text',
    sender: 'text',
    sender_name: 'text',
    duration_ms: 'double precision',
    error: 'text',
  },
  groupme_images: {
    ...eventColumns,
    image_url: 'text',
    picture_url: 'text',
    content_type: 'text',
    bytes: 'bigint',
    sha256: 'text',
    attempt: 'integer',
    outcome: 'text',
    sender: 'text',
    duration_ms: 'double precision',
    error: 'text',
  },
  groupme_callbacks: callbackColumns,
  groupme_echoes: callbackColumns,
  groupme_undisplayed: {
    ...eventColumns,
    text: 'text',
    picture_url: 'text',
    part: 'integer',
    parts: 'integer',
    sent_at: 'timestamptz',
    waited_ms: 'double precision',
  },
  groupme_commands: {
    ...eventColumns,
    groupme_id: 'text',
    command: 'text',
    argument: 'text',
    caller: 'text',
    caller_name: 'text',
    result: 'text',
    reply: 'text',
  },
  groupme_ban_changes: {
    ...eventColumns,
    groupme_id: 'text',
    action: 'text',
    sender: 'text',
    until: 'timestamptz',
    reason: 'text',
    about: 'text',
    caller: 'text',
    caller_name: 'text',
    version: 'bigint',
  },
};

/** In one order for everybody: two replicas that store the same events must not lock them crosswise. */
export const eventTables = Object.keys(eventTableColumns) as readonly EventTable[];
