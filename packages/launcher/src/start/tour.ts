import type { ChatMessage } from '@wbor/groupme-simulator';
import { openFixtureSender } from '@wbor/source-fixtures';
import { connectAmqp, waitFor } from '@wbor/testkit';
import pg from 'pg';
import { NOTIFICATIONS_EXCHANGE, type Stack } from './stack.ts';
import type { Steps } from './steps.ts';
import { createStops, type Stop } from './stops.ts';

interface StoryRow {
  readonly kind: string;
  readonly part: number | null;
  readonly outcome: string | null;
  readonly code: number | null;
  readonly text: string | null;
  readonly picture_url: string | null;
}

const PATIENCE_MS = 30_000;

/**
 * Sends one message of each kind through the system and prints what reached the chat and which rows stand in
 * Postgres.
 *
 * @returns whether everything arrived.
 */
export async function takeTour(stack: Stack, steps: Steps): Promise<boolean> {
  const { brokerUrl, smsService } = stack;
  const connection = await connectAmqp(brokerUrl);
  const { pictureUrl } = smsService;
  const sender = await openFixtureSender({ brokerUrl, notifications: NOTIFICATIONS_EXCHANGE, pictureUrl });
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  await database.connect();
  let complete = true;
  try {
    const stops = createStops(stack, sender, await connection.createConfirmChannel());
    for (const [index, send] of stops.entries()) {
      const stop = await send();
      steps.heading(`${index + 1}. ${stop.title}`);
      complete = (await show(stop, database, steps)) && complete;
    }
  } finally {
    await database.end();
    await sender.close();
    await connection.close();
  }
  return complete;
}

async function show(stop: Stop, database: pg.Client, steps: Steps): Promise<boolean> {
  const { chat, ids, rows } = await settle(stop, database);
  if (ids.length > 0) steps.note(`   message id ${ids.join(', ')}`);
  if (stop.posts === 0 && chat.length === 0) steps.note('   chat: nothing, as it should be');
  for (const message of chat) {
    const pictures = message.attachments.flatMap((attachment) =>
      typeof attachment.url === 'string' ? [attachment.url] : [],
    );
    const said = [...(message.text ? [message.text] : []), ...pictures.map((url) => `[picture ${url}]`)];
    for (const [index, line] of said.join('\n').split('\n').entries()) {
      steps.line(`   ${(index === 0 ? message.name : '').padEnd(16)} │ ${line}`);
    }
  }
  for (const row of rows) {
    const part = row.part === null ? '' : `, part ${row.part}`;
    const how = [row.outcome, row.code].filter((value) => value !== null).join(' ');
    const what = row.picture_url ?? row.text?.split('\n')[0] ?? '';
    steps.line(`   Postgres         │ ${row.kind}${part}: ${how} ${what}`);
  }
  const fault = faultOf(stop, { chat, ids, rows });
  if (fault === undefined) steps.good('   arrived');
  else steps.bad(`   ${fault}`);
  return fault === undefined;
}

interface Found {
  readonly chat: readonly ChatMessage[];
  readonly ids: readonly string[];
  readonly rows: readonly StoryRow[];
}

/** Waits until all is there, or gives what there is when patience ends. */
async function settle(stop: Stop, database: pg.Client): Promise<Found> {
  const look = async (): Promise<Found> => {
    const ids = stop.messageId === undefined ? await idsOf(stop, database) : [stop.messageId];
    // Pictures are uploaded first; an echo has whole seconds only, so time does not order it behind its post.
    const { rows } = await database.query<StoryRow>(
      `SELECT kind, part, outcome, code, text, picture_url FROM (
         SELECT kind, part, outcome, code, text, picture_url, wbor_message_id FROM message_story
         UNION ALL
         SELECT 'command', null, result, null, reply, null, wbor_message_id FROM groupme_commands
       ) AS story
       WHERE wbor_message_id = ANY($1)
       ORDER BY kind = 'image' DESC, part, kind DESC`,
      [ids],
    );
    // After the rows: a post that there must not be has its row last.
    return { chat: stop.chat(), ids, rows };
  };
  return waitFor(
    async () => {
      const found = await look();
      return faultOf(stop, found) === undefined ? found : undefined;
    },
    { timeoutMs: PATIENCE_MS, what: 'arrival' },
  ).catch(look);
}

/** The ids of messages that got theirs on the way, by what the chat shows of them. */
async function idsOf({ chat, sentAt }: Stop, database: pg.Client): Promise<string[]> {
  const { rows } = await database.query<{ wbor_message_id: string }>(
    `SELECT DISTINCT wbor_message_id FROM message_story
     WHERE kind = 'post' AND text = ANY($1) AND occurred_at >= $2`,
    [chat().flatMap(({ text }) => text ?? []), sentAt],
  );
  return rows.map((row) => row.wbor_message_id);
}

function faultOf(stop: Stop, { chat, ids, rows }: Found): string | undefined {
  if (chat.length !== stop.posts) return `${chat.length} posts in the chat, ${stop.posts} expected`;
  for (const [kind, expected] of Object.entries(stop.rows)) {
    const count = rows.filter((row) => row.kind === kind).length;
    if (count !== expected) return `${count} rows of kind ${kind} in Postgres, ${expected} expected`;
  }
  return stop.fault?.(ids);
}
