import type { ColumnType, Generated } from 'kysely';

export type Json = ColumnType<Record<string, unknown>, Record<string, unknown>, Record<string, unknown>>;

/** What every event has. Columns are null where the event had no value that fits; see `payload`. */
export interface EventColumns {
  /** The AMQP message id, or a hash of the message: the same however often it is delivered. */
  event_id: string;
  /** When it happened, as the event says. */
  occurred_at: ColumnType<Date, Date, never>;
  /** When this database got it. */
  received_at: Generated<Date>;
  /** The id is cut at 256 characters, like `sender`; a longer one is whole in `payload`. */
  wbor_message_id: string | null;
  source: string | null;
  /** HTTP status; 0 when no answer came. */
  code: number | null;
  /** First 8 hexadecimal digits of the bot id's SHA-256. The id itself lets anybody post. */
  bot: string | null;
  /** Every field that has no column, or whose value did not fit its column. */
  payload: Json;
}
