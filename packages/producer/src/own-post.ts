import { backOff, sleep } from '@wbor/async';
import { shownUid } from '@wbor/contracts';
import {
  classifyFailure,
  createGroupMeClient,
  createPacer,
  type GroupMeClient,
  GroupMeError,
} from '@wbor/groupme';
import { planParts, sanitiseText } from '@wbor/message-text';
import { v7 as uuidv7 } from 'uuid';
import { UNSEEN } from './log-body.ts';
import { type CallResult, mayBeInChat, type OwnCall, type SpoolEntry } from './spool/records.ts';
import type { Spool } from './spool/spool.ts';
import type { FallbackOptions } from './types.ts';

/**
 * How a post of the producer's own ended: `later` means that parts are missing and the spool keeps them, `look-later` that one
 * is in doubt and the chat could not be looked at yet.
 */
export type OwnOutcome =
  | { readonly state: 'delivered' | 'in-doubt' }
  | { readonly state: 'failed' | 'later' | 'look-later'; readonly reason: string };

/** Whether the chat shows a post. `not-now`: GroupMe cannot be asked yet. `never`: nobody can say. */
export type Sight = 'shown' | 'absent' | 'not-now' | 'never';

/** Posts by itself, as the relay would: the same text, the same parts, the same pace. */
export interface OwnPoster {
  /** Posts the parts that are not in the chat, until `until` (epoch ms). What is in doubt is looked for, never repeated blindly. */
  post(entry: SpoolEntry, until: number): Promise<OwnOutcome>;
  /** Looks in the chat for a message that somebody else may have posted. */
  look(entry: SpoolEntry): Promise<Sight>;
  close(): Promise<void>;
}

export interface OwnPosterOptions {
  readonly fallback: FallbackOptions;
  readonly spool: Pick<Spool, 'append'>;
  readonly connectTimeoutMs: number;
  /** A call is in doubt, for good. */
  readonly onDoubt: (callId: string) => void;
}

const DEFAULT_API_URL = 'https://api.groupme.com/v3';
/** Where the relay's pace starts. */
const RATE_PER_SECOND = 1;
const ANSWER_TIMEOUT_MS = 10_000;
/** GroupMe's clock and ours. */
const CLOCK_SKEW_MS = 60_000;
/** GroupMe may take a moment to list what it has accepted. */
const LOOK_AGAIN_MS = 2_000;
const MAX_LISTED = 100;
/** What stands above so many messages is not looked for. */
const MAX_PAGES = 10;
const LOOK_LATER = 'it is in doubt, and the chat could not be looked at';

const UNREACHABLE_BACK_OFF = { minMs: 500, maxMs: 8_000 };

export function createOwnPoster(options: OwnPosterOptions): OwnPoster {
  const { fallback, spool } = options;
  const groupme = createGroupMeClient({
    apiUrl: fallback.apiUrl ?? DEFAULT_API_URL,
    // Nothing is uploaded: a producer posts text, and the relay the rest.
    imageUrl: 'https://image.groupme.com',
    botId: fallback.botId,
    accessToken: fallback.groupmeAccessToken,
    userAgent: 'wbor-producer',
    connectTimeoutMs: options.connectTimeoutMs,
    responseTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  const pacer = createPacer({ ratePerSecond: RATE_PER_SECOND, maxRatePerSecond: RATE_PER_SECOND });
  const pauseMs = backOff(UNREACHABLE_BACK_OFF);
  const canLook = Boolean(fallback.groupmeAccessToken);

  async function record(entry: SpoolEntry, { callId }: OwnCall, result: CallResult): Promise<void> {
    await spool.append({ t: 'called', id: entry.message.id, callId, result });
  }

  async function call(
    entry: SpoolEntry,
    part: number,
    texts: readonly string[],
  ): Promise<CallResult | undefined> {
    const { id } = entry.message;
    const text = texts[part - 1] ?? '';
    const attempt = entry.calls.filter((it) => it.call.part === part).length + 1;
    const made: OwnCall = { callId: uuidv7(), part, parts: texts.length, attempt, at: Date.now(), text };
    // On disk before the first byte goes out: a process that dies in between leaves a doubt, not a second post.
    await spool.append({ t: 'calling', id, call: made });
    pacer.posted();
    const answer = await callOnce(groupme, text);
    const result = answer.outcome === 'unknown' ? await settle(made, answer) : answer;
    await record(entry, made, result ?? answer);
    if (result === undefined) return undefined;
    if (result.outcome === 'delivered') pacer.accepted();
    if (result.outcome === 'refused') pacer.refused(answer.retryAfterMs);
    return result;
  }

  /** Looks in the chat for a call without an answer. Undefined when that has to wait: it is in doubt until then. */
  async function settle(made: OwnCall, answer: CallResult): Promise<CallResult | undefined> {
    const sight = await lookFor({ at: made.at, isIt: (text) => text === made.text }, 2);
    if (sight === 'not-now') return undefined;
    if (sight === 'shown') return { ...answer, outcome: 'delivered' };
    if (sight === 'absent') {
      return { ...answer, outcome: 'unreachable', error: `${answer.error ?? ''}; the chat does not show it` };
    }
    options.onDoubt(made.callId);
    return answer;
  }

  async function lookFor(what: Wanted, maxLooks: number): Promise<Sight> {
    return canLook ? look(groupme, fallback.botId, what, maxLooks) : 'never';
  }

  return {
    async post(entry, until) {
      for (const it of entry.calls) {
        if (it.result !== undefined && it.result.outcome !== 'unknown') continue;
        // The process that made it is gone, or the chat could not be looked at.
        const result = await settle(it.call, it.result ?? UNSEEN);
        if (result === undefined) return { state: 'look-later', reason: LOOK_LATER };
        await record(entry, it.call, result);
      }
      const texts = textsOf(entry);
      for (let part = 1; part <= texts.length; part += 1) {
        for (let failures = 0; ; failures += 1) {
          if (entry.calls.some((it) => it.call.part === part && mayBeInChat(it))) break;
          const waitMs = pacer.delayMs() + (failures > 0 ? pauseMs(failures - 1) : 0);
          if (Date.now() + waitMs >= until) {
            return { state: 'later', reason: lastError(entry) ?? 'there was no time left' };
          }
          await sleep(waitMs);
          const result = await call(entry, part, texts);
          if (result === undefined) return { state: 'look-later', reason: LOOK_LATER };
          const { error = '', outcome } = result;
          if (outcome === 'rejected') return { state: 'failed', reason: error };
          if (outcome === 'misconfigured') return { state: 'later', reason: error };
        }
      }
      const inDoubt = entry.calls.some(({ result }) => result?.outcome === 'unknown');
      return { state: inDoubt ? 'in-doubt' : 'delivered' };
    },
    async look({ message }) {
      const [firstPart] = textsOf({ message });
      const footer = `---UID---\n${shownUid(message.id)}`;
      const isIt = (text: string) => text === firstPart || text.includes(footer);
      return lookFor({ at: message.at, isIt }, 1);
    },
    close: () => groupme.close(),
  };
}

/** What is posted for a message. It depends on nothing but the message, so that another process goes on with the same. */
export function textsOf({ message }: Pick<SpoolEntry, 'message'>): string[] {
  const { body, id, images } = message;
  return planParts({
    text: sanitiseText(body),
    messageId: id,
    format: 'quoted',
    pictureUrls: [],
    missingMedia: images.map((_, index) => ({
      item: index + 1,
      reason: 'is not shown: the relay was not there to attach it',
    })),
  }).map(({ text }) => text);
}

async function callOnce(
  groupme: Pick<GroupMeClient, 'postMessage'>,
  text: string,
): Promise<CallResult & { retryAfterMs?: number | undefined }> {
  try {
    const { durationMs, status } = await groupme.postMessage({ text });
    return { code: status, outcome: 'delivered', durationMs };
  } catch (error) {
    if (!(error instanceof GroupMeError)) throw error;
    const { durationMs, message, retryAfterMs, status } = error;
    return { code: status, outcome: classifyFailure(error), durationMs, error: message, retryAfterMs };
  }
}

interface Wanted {
  /** Epoch milliseconds: it is no older. */
  readonly at: number;
  readonly isIt: (text: string) => boolean;
}

/** Looks for a post of the bot, so often. */
async function look(
  groupme: Pick<GroupMeClient, 'listBots' | 'listGroupMessages'>,
  botId: string,
  wanted: Wanted,
  maxLooks: number,
): Promise<Sight> {
  try {
    const bot = (await groupme.listBots()).find((it) => it.bot_id === botId);
    if (bot === undefined) return 'never';
    for (let looks = 0; ; looks += 1) {
      const sight = await readBack(groupme, bot.group_id, wanted);
      if (sight !== 'absent' || looks + 1 >= maxLooks) return sight;
      await sleep(LOOK_AGAIN_MS);
    }
  } catch (error) {
    if (!(error instanceof GroupMeError)) throw error;
    const outcome = classifyFailure(error);
    return outcome === 'misconfigured' || outcome === 'rejected' ? 'never' : 'not-now';
  }
}

/** Reads the group back to the time of the post. */
async function readBack(
  groupme: Pick<GroupMeClient, 'listGroupMessages'>,
  groupId: string,
  { at, isIt }: Wanted,
): Promise<'shown' | 'absent' | 'never'> {
  const since = (at - CLOCK_SKEW_MS) / 1_000;
  let beforeId: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const listed = await groupme.listGroupMessages(groupId, {
      limit: MAX_LISTED,
      ...(beforeId === undefined ? {} : { beforeId }),
    });
    if (listed.some((it) => it.sender_type === 'bot' && isIt(it.text ?? '') && it.created_at >= since)) {
      return 'shown';
    }
    const oldest = listed.at(-1);
    if (oldest === undefined || listed.length < MAX_LISTED || oldest.created_at < since) return 'absent';
    beforeId = oldest.id;
  }
  return 'never';
}

function lastError({ calls }: SpoolEntry): string | undefined {
  return calls.findLast(({ result }) => result?.error !== undefined)?.result?.error;
}
