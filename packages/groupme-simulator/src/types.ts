import { z } from 'zod';

/** Any attachment of GroupMe's: `type` and what belongs to it. */
export const attachmentSchema = z.looseObject({ type: z.string() });
export type Attachment = z.infer<typeof attachmentSchema>;

/** A message as GroupMe's callbacks and message lists have it. */
export interface ChatMessage {
  /** 18 decimal digits, rising. */
  readonly id: string;
  readonly group_id: string;
  readonly sender_id: string;
  readonly user_id: string;
  readonly sender_type: 'user' | 'bot' | 'system';
  readonly name: string;
  readonly avatar_url: string | null;
  /** Null when there are only attachments. */
  readonly text: string | null;
  /** Unix seconds. */
  readonly created_at: number;
  readonly source_guid: string;
  readonly system: boolean;
  readonly attachments: readonly Attachment[];
}

/** How the callback of one message to one bot went. The address is left out: it holds a secret. */
export interface CallbackDelivery {
  readonly messageId: string;
  readonly botName: string;
  state: 'pending' | 'delivered' | 'failed' | 'lost';
  /** What the receiver answered; null when it did not. */
  status: number | null;
  error: string | null;
  durationMs: number | null;
}

/** A request to GroupMe's routes, from its arrival on; fields change until it has ended. */
export interface RecordedRequest {
  /** Rises by one, also across resets. */
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Tokens redacted. */
  readonly query: Readonly<Record<string, string>>;
  /** `content-type`, `user-agent` and, redacted, `x-access-token`, as far as they were sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, when it was JSON. */
  readonly json?: unknown;
  /** Length of a body that was not JSON, and its SHA-256. */
  readonly bytes?: number;
  readonly sha256?: string;
  /** Null until answered, and for good when never answered. */
  status: number | null;
  /** `answered`, `reset` and `hung` are our doing; `abandoned` is the client's. */
  ending: 'pending' | 'answered' | 'reset' | 'hung' | 'abandoned';
  durationMs: number | null;
  /** The mode of the fault that struck. */
  fault: string | null;
  /** Of bots/post: the chat message that it made, whatever was answered. */
  messageId?: string;
}
