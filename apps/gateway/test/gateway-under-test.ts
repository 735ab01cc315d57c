import { Writable } from 'node:stream';
import { Secret } from '@wbor/service';
import { type FastifyInstance, fastify } from 'fastify';
import { Registry } from 'prom-client';
import { buildApp } from '../src/app.ts';
import type { GatewaySettings } from '../src/deps.ts';
import { createMessageStates, type MessageStates } from '../src/outcomes/message-states.ts';
import { createRelayReplies, type RelayReplies } from '../src/outcomes/relay-replies.ts';
import type { Spool } from '../src/spool/spool.ts';
import { noTokens, type TokenStore } from '../src/tokens/token-store.ts';

export const PASSWORD = 'correct-horse-battery-staple';
export const CALLBACK_SECRET = 'callback-secret-5e1f9a';
/** Where the gateway under test waits for replies. */
export const REPLY_QUEUE = 'amq.gen-replies';
export const BOT_ID = 'bot-id-0123456789abcdef';

interface PublishedMessage {
  readonly routingKey: string;
  readonly messageId: string | undefined;
  readonly body: unknown;
  readonly replyTo?: string;
  readonly correlationId?: string | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

export interface GatewayUnderTest {
  readonly app: FastifyInstance;
  readonly registry: Registry;
  readonly replies: RelayReplies;
  readonly states: MessageStates;
  /** What was published, in order. */
  readonly published: PublishedMessage[];
  /** Log lines, parsed. */
  logLines(): Record<string, unknown>[];
  /** All that was logged, as it was written. */
  logText(): string;
  /** Makes every further publish do this. */
  onPublish(work: (message: PublishedMessage) => Promise<void>): void;
  setBrokerReady(ready: boolean): void;
}

/** The whole gateway, with publishing as a function of the test and everything logged, down to trace. */
export async function createGatewayUnderTest(
  settings: Partial<GatewaySettings> = {},
  spool?: Spool,
): Promise<GatewayUnderTest> {
  const log = createCapturedLogger();
  const published: PublishedMessage[] = [];
  const registry = new Registry();
  const replies = createRelayReplies(() => REPLY_QUEUE);
  const states = createMessageStates();
  let work: (message: PublishedMessage) => Promise<void> = async () => {};
  let ready = true;
  const app = await buildApp({
    settings: {
      password: new Secret(PASSWORD),
      tokens: noTokens,
      callbackSecret: new Secret(CALLBACK_SECRET),
      openCallback: false,
      twilioAuthToken: undefined,
      publicUrl: undefined,
      hooks: new Map(),
      spoolSend: false,
      botId: new Secret(BOT_ID),
      trustProxy: [],
      rateLimits: { send: 1_000, refused: 1_000, public: 1_000 },
      publishTimeoutMs: 2_000,
      ...settings,
    },
    logger: log.logger,
    registry,
    publish: async (definition, body, options) => {
      const message = {
        routingKey: options?.key ?? definition.key,
        messageId: options?.messageId,
        body,
        ...(options?.replyTo === undefined
          ? {}
          : { replyTo: options.replyTo, correlationId: options.correlationId }),
        ...(Object.keys(options?.headers ?? {}).length === 0 ? {} : { headers: options?.headers }),
      };
      await work(message);
      published.push(message);
    },
    spool,
    replies,
    states,
    brokerReady: () => ready,
  });
  return {
    app,
    registry,
    replies,
    states,
    published,
    logLines: log.lines,
    logText: log.text,
    onPublish(next) {
      work = next;
    },
    setBrokerReady(next) {
      ready = next;
    },
  };
}

/** A pino logger of fastify's making that keeps its lines. */
function createCapturedLogger() {
  let written = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  const { log: logger } = fastify({ logger: { level: 'trace', stream } });
  return {
    logger,
    text: () => written,
    lines: () =>
      written
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

/** The lines that say how a request went. */
export function requestLines(gateway: Pick<GatewayUnderTest, 'logLines'>): Record<string, unknown>[] {
  return gateway.logLines().filter((line) => line.msg === 'request');
}

/** A callback as GroupMe sends it. */
export function callbackBody(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    attachments: [],
    avatar_url: null,
    created_at: 1302623328,
    group_id: '1234567890',
    id: '130262332812345678',
    name: 'John',
    sender_id: '12345',
    sender_type: 'user',
    source_guid: 'GUID-1234',
    system: false,
    text: 'Hello world',
    user_id: '1234567890',
    ...overrides,
  };
}

/** Tokens by their text, each with its source. Their ids are their numbers. */
export function tokensOf(sources: Readonly<Record<string, string>>): TokenStore {
  const known = Object.entries(sources);
  return {
    find(given) {
      const index = known.findIndex(([token]) => token === given);
      return index === -1 ? undefined : { id: String(index + 1), source: known[index]?.[1] ?? '' };
    },
    list: () => [],
    fault: undefined,
    close: () => {},
  };
}
