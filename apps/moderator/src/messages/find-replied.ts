import type { Database } from '@wbor/database';
import { type Kysely, sql } from 'kysely';
import type { FoundMessage } from './found-message.ts';

/** What is known of the chat message that a command replies to. */
export interface RepliedMessage {
  /**
   * Messages that this post can be of, as the post itself has them: its id may be another sender's, too. None where the audit
   * has no record of the post.
   */
  readonly messages: readonly FoundMessage[];
  /** Whether the post is of a message that is in no list, such as an answer of the moderator. */
  readonly isOwnAnswer: boolean;
  /** The UID in the place of our footer. It is no proof: whoever sends a message can write one into the text. */
  readonly claimedUid: string | undefined;
}

/** More messages of the same words within minutes are not told apart anyway. */
const MAX_MESSAGES = 6;

/** The end of a post that is the whole of its message or the last part of it. */
const LAST_FOOTER = /\n---UID---\n(\S{1,128})(?:\n\d+ media items? attached)?\n-{9}$/;

/**
 * Finds out whose post a reply is to. The bot's echo knows GroupMe's id, the post knows ours; text, picture, bot and time
 * join them. The text alone proves nothing, since part of it is a stranger's.
 */
export async function findReplied(db: Kysely<Database>, groupMeId: string): Promise<RepliedMessage> {
  // The moderator's own answers are in no list of messages.
  const { rows: posts } = await sql<FoundMessage & { readonly is_listed: boolean }>`
    select distinct on (post.wbor_message_id, post.sender, post.source) post.wbor_message_id,
      post.occurred_at as first_at, left(coalesce(post.source, ''), 100) as source, post.sender, post.sender_name,
      left(post.text, 200) as text, false as blocked,
      exists (select from groupme_messages where wbor_message_id = post.wbor_message_id) as is_listed
    from groupme_echoes echo
    join groupme_posts post on post.occurred_at between echo.occurred_at - interval '10 minutes'
        and echo.occurred_at + interval '1 minute'
      and coalesce(post.text, '') = coalesce(echo.text, '')
      and coalesce(post.picture_url, '') = coalesce(echo.picture_url, '')
      and (echo.bot is null or post.bot is null or echo.bot = post.bot)
      and coalesce(post.outcome, 'delivered') in ('delivered', 'unknown', 'already-sent')
    where echo.groupme_id = ${groupMeId} and post.wbor_message_id is not null
    order by post.wbor_message_id, post.sender, post.source, post.occurred_at
    limit ${MAX_MESSAGES}
  `.execute(db);
  const messages = posts.filter((post) => post.is_listed);
  const echo = await db
    .selectFrom('groupme_echoes')
    .select('text')
    .where('groupme_id', '=', groupMeId)
    .limit(1)
    .executeTakeFirst();
  return {
    messages,
    isOwnAnswer: posts.length > 0 && messages.length === 0,
    claimedUid: LAST_FOOTER.exec(echo?.text ?? '')?.[1],
  };
}
