import Fastify from 'fastify';
import { createCallbacks } from './callbacks.ts';
import { type Bot, createChat, type Group, type MemberMessage } from './chat.ts';
import { createEvents } from './events.ts';
import type { Fault, FaultState } from './fault-schema.ts';
import { createFaults } from './faults.ts';
import { createPictures } from './pictures.ts';
import { createRequestLog } from './request-log.ts';
import { registerBotsPost } from './routes/bots-post.ts';
import { registerControl } from './routes/control.ts';
import { registerPage } from './routes/page.ts';
import { registerPictures } from './routes/pictures.ts';
import { registerReading } from './routes/reading.ts';
import { createServe } from './routes/serve.ts';
import { createTokenCheck } from './routes/token.ts';
import type { CallbackDelivery, ChatMessage, RecordedRequest } from './types.ts';
import { waitForChange } from './wait-for.ts';

const DEFAULT_GROUP: Group = { id: '90000001', name: 'WBOR Managers' };
const DEFAULT_BOT_NAME = 'WBOR Bot';
const DEFAULT_BOT: BotOptions = { botId: 'a1b2c3d4e5f60718293a4b5c6d' };
const DEFAULT_TOKEN = 'simulator-access-token-0123456789abcdef';
const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;

export interface BotOptions {
  readonly botId: string;
  readonly name?: string | undefined;
  readonly groupId?: string | undefined;
  readonly callbackUrl?: string | undefined;
}

export interface SimulatorOptions {
  /** Default 127.0.0.1. The control routes are open to whoever reaches it. */
  readonly host?: string | undefined;
  /** Default 0: one that is free. */
  readonly port?: number | undefined;
  /** Where the first bot is called back; default: nowhere. */
  readonly callbackUrl?: string | undefined;
  readonly groups?: readonly [Group, ...Group[]] | undefined;
  /** `groupId` defaults to the first group. */
  readonly bots?: readonly BotOptions[] | undefined;
  readonly token?: string | undefined;
  /** How long after an upload `.preview` and `.large` exist. Default 300. */
  readonly previewDelayMs?: number | undefined;
  /** How many requests, messages and callbacks are remembered. Default 100 000. */
  readonly maxRecords?: number | undefined;
  readonly logger?: { info(fields: object, message: string): void } | undefined;
}

/** What a `waitFor` predicate may look at. Live lists: not to be changed or kept. */
export interface SimulatorState {
  readonly requests: readonly RecordedRequest[];
  readonly messages: readonly ChatMessage[];
  readonly callbacks: readonly CallbackDelivery[];
}

export interface Simulator {
  readonly url: string;
  /** For `GROUPME_API_URL`. */
  readonly apiUrl: string;
  /** For `GROUPME_IMAGE_URL`. */
  readonly imageUrl: string;
  /** Of the first bot. */
  readonly botId: string;
  readonly accessToken: string;
  /** The first group. */
  readonly groupId: string;
  /** All requests to GroupMe's routes, oldest first. A record changes until its request has ended. */
  requests(): RecordedRequest[];
  /** What the chat shows, oldest first: of one group, or of all. */
  messages(groupId?: string): ChatMessage[];
  callbacks(): CallbackDelivery[];
  /**
   * Adds faults at the end of the list; of those that fit a request, the first strikes.
   * @throws ZodError for a fault that makes no sense.
   */
  setFault(...faults: Fault[]): void;
  clearFaults(): void;
  faults(): FaultState[];
  /** Of the first bot; undefined: no callbacks. */
  setCallbackUrl(url: string | undefined): void;
  /** Speaks in the chat, which calls back like any message. */
  postAsMember(message: MemberMessage): Promise<ChatMessage>;
  /**
   * Resolves with the predicate's first truthy result; it is asked now and after every change.
   * @throws SimulatorTimeoutError
   */
  waitFor<T>(
    predicate: (state: SimulatorState) => T | false | null | undefined | 0 | '',
    timeoutMs: number,
  ): Promise<T>;
  /** Empties chat, records, pictures and faults; callback addresses stay. Delayed posts are dropped. */
  reset(): void;
  /** Closes all connections, hanging ones included. */
  stop(): Promise<void>;
}

/** Starts a GroupMe on loopback: its API, its image service, its callbacks and a chat page at `/`. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const maxRecords = options.maxRecords ?? 100_000;
  const accessToken = options.token ?? DEFAULT_TOKEN;
  const groups = options.groups ?? [DEFAULT_GROUP];
  const groupId = groups[0].id;
  const bots: Bot[] = (options.bots ?? [DEFAULT_BOT]).map((bot, index) => ({
    botId: bot.botId,
    name: bot.name ?? DEFAULT_BOT_NAME,
    groupId: bot.groupId ?? groupId,
    callbackUrl: bot.callbackUrl ?? (index === 0 ? options.callbackUrl : undefined),
  }));

  const events = createEvents();
  const chat = createChat({ groups, bots, maxMessages: maxRecords, events });
  const faults = createFaults(events);
  const requestLog = createRequestLog({ maxRecords, events });
  const callbacks = createCallbacks({ faults, events, maxRecords });
  const pictures = createPictures(options.previewDelayMs ?? 300);
  let epoch = 0;

  const postAsMember = (message: MemberMessage): ChatMessage => {
    const added = chat.addFromMember(message);
    callbacks.notify(added, bots);
    return added;
  };
  const setCallbackUrl = (url: string | undefined) => {
    const [first] = bots;
    if (first !== undefined) first.callbackUrl = url;
  };
  const reset = () => {
    epoch += 1;
    chat.clear();
    requestLog.clear();
    callbacks.clear();
    pictures.clear();
    faults.clear();
    events.emit({ type: 'reset' });
  };

  const app = Fastify({ forceCloseConnections: true, bodyLimit: MAX_UPLOAD_BYTES });
  // Bodies stay bytes: pictures are, and what is wrong with JSON each route answers in GroupMe's way.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const serve = createServe({ faults, requestLog, epoch: () => epoch });
  const hasToken = createTokenCheck(accessToken);
  registerPage(app);
  registerControl(app, { chat, callbacks, faults, requestLog, events, postAsMember, setCallbackUrl, reset });
  registerBotsPost(app, { chat, callbacks, serve });
  registerReading(app, { chat, serve, hasToken, userName: 'Station Manager' });
  registerPictures(app, { pictures, serve, hasToken });
  app.setNotFoundHandler((request, reply) => serve(null, request, reply, () => ({ status: 404 })));

  const url = await app.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
  const forgetLogger = events.listen((event) => {
    if (event.type !== 'request' || event.request.ending === 'pending') return;
    const { method, path, status, ending, fault, durationMs } = event.request;
    options.logger?.info({ method, path, status, ending, fault, durationMs }, 'request');
  });

  return {
    url,
    apiUrl: `${url}/v3`,
    imageUrl: url,
    botId: bots[0]?.botId ?? '',
    accessToken,
    groupId,
    requests: () => [...requestLog.all()],
    messages: (group) => [...chat.messages(group)],
    callbacks: () => [...callbacks.all()],
    setFault: (...added) => faults.add(...added),
    clearFaults: () => faults.clear(),
    faults: () => faults.list(),
    setCallbackUrl,
    postAsMember: async (message) => postAsMember(message),
    waitFor: (predicate, timeoutMs) =>
      waitForChange(
        events,
        () =>
          predicate({
            requests: requestLog.all(),
            messages: chat.messages(),
            callbacks: callbacks.all(),
          }),
        timeoutMs,
      ),
    reset,
    async stop() {
      epoch += 1;
      forgetLogger();
      callbacks.stop();
      await app.close();
    },
  };
}
