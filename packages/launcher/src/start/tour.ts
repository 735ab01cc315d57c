import { randomUUID } from 'node:crypto';
import { ALREADY_SENT_HEADER, DEFAULT_EXCHANGE_NAME, standardKey, twilioSmsMessage } from '@wbor/contracts';
import type { ChatMessage } from '@wbor/groupme-simulator';
import { PASSWORD } from '@wbor/start-system';
import { connectAmqp, publishRaw, waitFor } from '@wbor/testkit';
import pg from 'pg';
import type { Stack } from './stack.ts';
import type { Steps } from './steps.ts';

/** What one message of the tour left behind. */
interface Stop {
  readonly title: string;
  readonly messageId: string;
  /** How many posts of the bot, or of the member, must be seen. */
  readonly posts: number;
  /** Which rows must be in Postgres at least, by kind. */
  readonly rows: Readonly<Record<string, number>>;
  readonly chat: () => readonly ChatMessage[];
}

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
  const connection = await connectAmqp(stack.brokerUrl);
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  await database.connect();
  let complete = true;
  try {
    const channel = await connection.createConfirmChannel();
    const publish = (key: string, body: object, headers: object = {}) =>
      publishRaw(channel, DEFAULT_EXCHANGE_NAME, key, Buffer.from(JSON.stringify(body)), {
        persistent: true,
        headers,
      });
    const stops = [
      () => smsWithPicture(stack, publish),
      () => upsAlertOverHttp(stack),
      () => alreadySentLog(stack, publish),
      () => chatCommand(stack),
    ];
    for (const [index, send] of stops.entries()) {
      const stop = await send();
      steps.heading(`${index + 1}. ${stop.title}`);
      complete = (await show(stop, database, steps)) && complete;
    }
  } finally {
    await database.end();
    await connection.close();
  }
  return complete;
}

type Publish = (key: string, body: object, headers?: object) => Promise<void>;

async function smsWithPicture(stack: Stack, publish: Publish): Promise<Stop> {
  const messageId = randomUUID();
  const before = stack.simulator.messages().length;
  await publish(twilioSmsMessage.key, {
    From: '+12075550123',
    To: '+12077253250',
    Body: 'Found this at the record fair – could you play something from it tonight? 🎶',
    NumMedia: '1',
    MediaUrl0: stack.smsService.pictureUrl,
    MediaContentType0: 'image/jpeg',
    MessageSid: 'SM00000000000000000000000000000001',
    SenderName: 'JANE DOE',
    source: 'twilio',
    type: 'sms.incoming',
    wbor_message_id: messageId,
  });
  await waitFor(() => stack.smsService.isAcknowledged(messageId), {
    timeoutMs: PATIENCE_MS,
    what: 'the SMS service being told that the message is in the chat',
  });
  return {
    title:
      'An SMS with a picture, published on the exchange by the SMS service (which got its acknowledgement)',
    messageId,
    posts: 2,
    rows: { post: 2, image: 1 },
    chat: () => stack.simulator.messages().slice(before).filter(isFromBot),
  };
}

async function upsAlertOverHttp(stack: Stack): Promise<Stop> {
  const before = stack.simulator.messages().length;
  const answer = await fetch(`${stack.gatewayUrl}/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      password: PASSWORD,
      source: 'ups',
      body: 'UPS is on battery power, 38 minutes left',
    }),
  });
  const { status, wbor_message_id: messageId } = (await answer.json()) as {
    status: string;
    wbor_message_id: string;
  };
  return {
    title: `A UPS alert over HTTP: POST /send answered ${answer.status} ${status}`,
    messageId,
    posts: 1,
    rows: { post: 1 },
    chat: () => stack.simulator.messages().slice(before).filter(isFromBot),
  };
}

async function alreadySentLog(stack: Stack, publish: Publish): Promise<Stop> {
  const messageId = randomUUID();
  const before = stack.simulator.messages().length;
  await publish(
    standardKey('endec'),
    {
      body: 'Required weekly test, posted by the ENDEC bridge itself while the relay was down',
      text: 'Required weekly test, posted by the ENDEC bridge itself while the relay was down',
      statuscode: 202,
      source: 'endec',
      wbor_message_id: messageId,
    },
    { [ALREADY_SENT_HEADER]: true },
  );
  return {
    title: 'A log of what a producer posted by itself (nothing is sent again)',
    messageId,
    posts: 0,
    rows: { post: 1 },
    chat: () => stack.simulator.messages().slice(before).filter(isFromBot),
  };
}

async function chatCommand(stack: Stack): Promise<Stop> {
  const before = stack.simulator.messages().length;
  const message = await stack.simulator.postAsMember({ name: 'Station manager', text: '!ping' });
  return {
    title: 'A chat command, typed by a member, called back by GroupMe and answered by the moderator',
    messageId: message.source_guid,
    posts: 2,
    rows: { callback: 1, command: 1 },
    chat: () => stack.simulator.messages().slice(before),
  };
}

function isFromBot(message: ChatMessage): boolean {
  return message.sender_type === 'bot';
}

async function show(stop: Stop, database: pg.Client, steps: Steps): Promise<boolean> {
  const { chat, rows } = await settle(stop, database);
  steps.note(`   message id ${stop.messageId}`);
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
  const fault = faultOf(stop, chat, rows);
  if (fault === undefined) steps.good('   arrived');
  else steps.bad(`   ${fault}`);
  return fault === undefined;
}

/** Waits until all is there, or gives what there is when patience ends. */
async function settle(
  stop: Stop,
  database: pg.Client,
): Promise<{ chat: readonly ChatMessage[]; rows: StoryRow[] }> {
  const look = async () => {
    // Pictures are uploaded first; an echo has whole seconds only, so time does not order it behind its post.
    const { rows } = await database.query<StoryRow>(
      `SELECT * FROM (
         SELECT kind, part, outcome, code, text, picture_url FROM message_story WHERE wbor_message_id = $1
         UNION ALL
         SELECT 'command', null, result, null, reply, null FROM groupme_commands WHERE wbor_message_id = $1
       ) AS story
       ORDER BY kind = 'image' DESC, part, kind DESC`,
      [stop.messageId],
    );
    // After the rows: a post that there must not be has its row last.
    return { chat: stop.chat(), rows };
  };
  return waitFor(
    async () => {
      const found = await look();
      return faultOf(stop, found.chat, found.rows) === undefined ? found : undefined;
    },
    { timeoutMs: PATIENCE_MS, what: 'arrival' },
  ).catch(look);
}

function faultOf(stop: Stop, chat: readonly ChatMessage[], rows: readonly StoryRow[]): string | undefined {
  if (chat.length !== stop.posts) return `${chat.length} posts in the chat, ${stop.posts} expected`;
  for (const [kind, expected] of Object.entries(stop.rows)) {
    const count = rows.filter((row) => row.kind === kind).length;
    if (count !== expected) return `${count} rows of kind ${kind} in Postgres, ${expected} expected`;
  }
  return undefined;
}
