import { randomUUID } from 'node:crypto';
import { ALREADY_SENT_HEADER, DEFAULT_EXCHANGE_NAME, standardKey } from '@wbor/contracts';
import type { ChatMessage } from '@wbor/groupme-simulator';
import { chatPattern, type FixtureSender, readFixtures, type SourceFixture } from '@wbor/source-fixtures';
import { publishRaw } from '@wbor/testkit';
import type { Stack } from './stack.ts';

/** A message of the tour that was sent, and what it must leave behind. */
export interface Stop {
  readonly title: string;
  readonly sentAt: Date;
  /** Undefined when it gets its id on the way. */
  readonly messageId?: string;
  /** How many posts of the bot, or of the member, must be seen. */
  readonly posts: number;
  /** Which rows must be in Postgres, by kind. */
  readonly rows: Readonly<Record<string, number>>;
  chat(): readonly ChatMessage[];
  /** What else is missing, by the ids of its messages. */
  fault?(ids: readonly string[]): string | undefined;
}

/** One of each kind, in the order of the tour. Of power cuts and the failsafe what is told at once. */
const FIXTURES = [
  'wbor-twilio-2-picture',
  'twilio-1-sms',
  'send-script',
  'bots-post-script',
  'groupme-producer-1-message',
  'endec-1-tornado-warning',
  'endec-4-webhook',
  'ups-4-power-cut',
  'failsafe-2-main',
  'azuracast-1-first',
  'azuracast-4-live',
  'azuracast-5-live-over',
  'azuracast-7-groupme',
  'hook-uptime-kuma',
  'hook-grafana',
  'hook-healthchecks',
  'hook-github-1-push',
];

/** What the tour sends, one after another; each is called once, when its turn has come. */
export function createStops(
  stack: Stack,
  sender: FixtureSender,
  channel: Parameters<typeof publishRaw>[0],
): readonly (() => Promise<Stop>)[] {
  const all = readFixtures();
  const fixtures = FIXTURES.map((wanted) => {
    const fixture = all.find(({ name }) => name === wanted);
    if (fixture === undefined) throw new Error(`there is no fixture ${wanted}`);
    return fixture;
  });
  return [
    ...fixtures.map((fixture) => () => sendFixture(stack, sender, fixture)),
    () => alreadySentLog(stack, channel),
    () => chatCommand(stack),
  ];
}

async function sendFixture(stack: Stack, sender: FixtureSender, fixture: SourceFixture): Promise<Stop> {
  const { chat, page, pictures = 0, program, what } = fixture;
  const { gatewayUrl, simulator, smsService } = stack;
  const before = simulator.messages().length;
  const sentAt = new Date();
  await sender.send(fixture, { gatewayUrl, exchange: DEFAULT_EXCHANGE_NAME, fresh: true });
  const patterns = chat.map((text) => chatPattern(text, true));
  const isOfIt = ({ text }: ChatMessage) =>
    text === null ? pictures > 0 : patterns.some((pattern) => pattern.test(text));
  return {
    title: `${program}. ${what}`,
    sentAt,
    posts: chat.length + pictures,
    rows: { post: chat.length + pictures, ...(pictures > 0 ? { image: pictures } : {}) },
    // A station may also say what it has not said since the last tour.
    chat: () => simulator.messages().slice(before).filter(isFromBot).filter(isOfIt),
    // The SMS service posts by itself what nobody acknowledges.
    fault: (ids) =>
      page === 'wbor-twilio' && !ids.every(smsService.isAcknowledged)
        ? 'the SMS service was not told that the message is in the chat'
        : undefined,
  };
}

async function alreadySentLog(stack: Stack, channel: Parameters<typeof publishRaw>[0]): Promise<Stop> {
  const messageId = randomUUID();
  const before = stack.simulator.messages().length;
  const sentAt = new Date();
  const text = 'Required weekly test, posted by the ENDEC bridge itself while the relay was down';
  const body = { body: text, text, statuscode: 202, source: 'endec', wbor_message_id: messageId };
  await publishRaw(channel, DEFAULT_EXCHANGE_NAME, standardKey('endec'), Buffer.from(JSON.stringify(body)), {
    headers: { [ALREADY_SENT_HEADER]: true },
  });
  return {
    title: 'A log of what a producer posted by itself (nothing is sent again)',
    sentAt,
    messageId,
    posts: 0,
    rows: { post: 1 },
    chat: () => stack.simulator.messages().slice(before).filter(isFromBot),
  };
}

async function chatCommand(stack: Stack): Promise<Stop> {
  const before = stack.simulator.messages().length;
  const sentAt = new Date();
  const message = await stack.simulator.postAsMember({ name: 'Station manager', text: '!ping' });
  return {
    title: 'A chat command, typed by a member, called back by GroupMe and answered by the moderator',
    sentAt,
    messageId: message.source_guid,
    posts: 2,
    rows: { callback: 1, command: 1 },
    chat: () => stack.simulator.messages().slice(before),
  };
}

function isFromBot(message: ChatMessage): boolean {
  return message.sender_type === 'bot';
}
