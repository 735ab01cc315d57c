import type { z } from 'zod';
import { GroupMeConfigurationError, GroupMeRejectedError } from './errors.ts';
import { toGroupMeError } from './failures.ts';
import { createHttp, type HttpAnswer } from './http.ts';
import { createRedactor } from './redact.ts';
import {
  type Bot,
  botsAnswerSchema,
  type GroupMessage,
  imageAnswerSchema,
  messagesAnswerSchema,
  type User,
  userAnswerSchema,
} from './schemas.ts';

/** A look at a thumbnail is a side matter: it must not use up the time of the message behind it. */
const PREVIEW_TIMEOUT_MS = 3_000;

export interface GroupMeClientOptions {
  /** For example `https://api.groupme.com/v3`. */
  readonly apiUrl: string;
  /** For example `https://image.groupme.com`. */
  readonly imageUrl: string;
  /** Secret: whoever has it can post. */
  readonly botId: string;
  /** Secret; needed for everything but posting. */
  readonly accessToken?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Default 5 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** From the call to the end of the answer, connecting included. Default 10 000. */
  readonly responseTimeoutMs?: number | undefined;
}

export interface ListMessagesOptions {
  /** 1 to 100; GroupMe's own default is 20. */
  readonly limit?: number;
  /** The messages just before this id, newest first. */
  readonly beforeId?: string;
  /** The messages just after this id, oldest first: for catching up. */
  readonly afterId?: string;
  /** The newest messages after this id, newest first; skips what does not fit. */
  readonly sinceId?: string;
}

/**
 * Calls GroupMe, each call once: no retry, no redirect. Every failure is a {@link GroupMeError} whose class
 * says what is known about the post, and none of them holds the bot id or the token.
 */
export interface GroupMeClient {
  /** Posts as the bot. Any 2xx is success; GroupMe gives no message id. */
  postMessage(post: {
    text: string;
    pictureUrl?: string | undefined;
  }): Promise<{ status: number; durationMs: number }>;
  /** Gives an image to the image service. Uploading it twice does no harm. */
  uploadImage(
    bytes: Uint8Array,
    contentType: string,
  ): Promise<{ status: number; pictureUrl: string; durationMs: number }>;
  /** Whether the thumbnail exists, without which phones show no image. False on any trouble. */
  isImageReady(pictureUrl: string): Promise<boolean>;
  /** GroupMe's clock, in epoch milliseconds, to a second or two; undefined when its answer has no date. Needs no token. */
  readClock(): Promise<number | undefined>;
  listBots(): Promise<Bot[]>;
  getMe(): Promise<User>;
  /** Newest first, unless `afterId` is given. */
  listGroupMessages(groupId: string, options?: ListMessagesOptions): Promise<GroupMessage[]>;
  /** Waits for running calls, then closes the connections. */
  close(): Promise<void>;
}

/** @throws GroupMeConfigurationError when the bot id is empty or an address is none. */
export function createGroupMeClient(options: GroupMeClientOptions): GroupMeClient {
  const apiUrl = parseBaseUrl(options.apiUrl, 'apiUrl');
  const imageUrl = parseBaseUrl(options.imageUrl, 'imageUrl');
  if (options.botId.trim() === '') throw configurationError('the bot id is empty');

  const timeoutMs = options.responseTimeoutMs ?? 10_000;
  const redact = createRedactor([options.botId, options.accessToken]);
  const http = createHttp({
    userAgent: options.userAgent ?? 'wbor-groupme',
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    responseTimeoutMs: timeoutMs,
    redact,
  });

  /** The token goes into a header, never into an address: addresses end up in logs. */
  const tokenHeader = (): Record<string, string> => {
    const token = options.accessToken;
    if (!token) throw configurationError('this call needs an access token, and none is set');
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw configurationError('the access token holds white space or characters no header can carry');
    }
    return { 'x-access-token': token };
  };

  const get = (route: string, query?: URLSearchParams): Promise<HttpAnswer> =>
    http.send({
      method: 'GET',
      url: new URL(`${apiUrl}/${route}${query === undefined ? '' : `?${query}`}`),
      headers: { accept: 'application/json', ...tokenHeader() },
      timeoutMs,
    });

  const parseAnswer = <Schema extends z.ZodType>(
    answer: HttpAnswer,
    schema: Schema,
    route: string,
  ): z.infer<Schema> => {
    const result = isSuccess(answer) ? schema.safeParse(parseJson(answer.body)) : undefined;
    if (!result?.success) throw toGroupMeError(answer, route, 'token', redact);
    return result.data;
  };

  return {
    async postMessage({ text, pictureUrl }) {
      const answer = await http.send({
        method: 'POST',
        url: new URL(`${apiUrl}/bots/post`),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          ...(pictureUrl === undefined ? {} : { picture_url: pictureUrl }),
          text,
          bot_id: options.botId,
        }),
        timeoutMs,
        statusOnly: true,
      });
      if (!isSuccess(answer)) throw toGroupMeError(answer, 'bots/post', 'bot', redact);
      return { status: answer.status, durationMs: answer.durationMs };
    },

    async uploadImage(bytes, contentType) {
      if (!/^[\w.+-]+\/[\w.+-]+(?:; ?[\x20-\x7e]+)?$/.test(contentType)) {
        throw new GroupMeRejectedError('the content type of the image is malformed', NOT_SENT);
      }
      const answer = await http.send({
        method: 'POST',
        url: new URL(`${imageUrl}/pictures`),
        headers: { 'content-type': contentType, ...tokenHeader() },
        body: bytes,
        timeoutMs,
      });
      const { payload } = parseAnswer(answer, imageAnswerSchema, 'pictures');
      return { status: answer.status, pictureUrl: payload.picture_url, durationMs: answer.durationMs };
    },

    async isImageReady(pictureUrl) {
      try {
        const answer = await http.send({
          method: 'HEAD',
          url: new URL(`${pictureUrl}.preview`),
          timeoutMs: Math.min(timeoutMs, PREVIEW_TIMEOUT_MS),
        });
        return isSuccess(answer);
      } catch {
        // Promised: "not known to be ready" is all that a caller can use.
        return false;
      }
    },

    async readClock() {
      // Whatever it answers has a date.
      const answer = await http.send({ method: 'GET', url: new URL(`${apiUrl}/users/me`), timeoutMs });
      const atMs = Date.parse(answer.header('date') ?? '');
      return Number.isNaN(atMs) ? undefined : atMs;
    },

    async listBots() {
      return parseAnswer(await get('bots'), botsAnswerSchema, 'bots').response;
    },

    async getMe() {
      return parseAnswer(await get('users/me'), userAnswerSchema, 'users/me').response;
    },

    async listGroupMessages(groupId, { limit, beforeId, afterId, sinceId } = {}) {
      // Without it GroupMe replaces the text of messages with a file by a notice.
      const query = new URLSearchParams({ acceptFiles: '1' });
      if (limit !== undefined) query.set('limit', String(limit));
      if (beforeId !== undefined) query.set('before_id', beforeId);
      if (afterId !== undefined) query.set('after_id', afterId);
      if (sinceId !== undefined) query.set('since_id', sinceId);
      const route = `groups/${encodeURIComponent(groupId)}/messages`;
      const answer = await get(route, query);
      return answer.status === 304 ? [] : parseAnswer(answer, messagesAnswerSchema, route).response.messages;
    },

    close: () => http.close(),
  };
}

const NOT_SENT = { status: 0, durationMs: 0 };

function configurationError(message: string): GroupMeConfigurationError {
  return new GroupMeConfigurationError(message, NOT_SENT);
}

function isSuccess(answer: HttpAnswer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseBaseUrl(value: string, name: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  // The value is not repeated: an address can hold a password.
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw configurationError(`${name} is not an http(s) address`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
