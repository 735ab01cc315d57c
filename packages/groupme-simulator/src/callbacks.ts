import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bot } from './chat.ts';
import type { Events } from './events.ts';
import type { Faults } from './faults.ts';
import type { CallbackDelivery, ChatMessage } from './types.ts';

export interface Callbacks {
  /** Calls back every bot of the message's group, in the background, once each. */
  notify(message: ChatMessage, bots: readonly Bot[]): void;
  /** Oldest first. The caller must not change it. */
  all(): readonly CallbackDelivery[];
  clear(): void;
  /** Breaks off what is under way. */
  stop(): void;
}

/** GroupMe calls back from many machines at once; order is not promised, and ours only nearly kept. */
const MAX_CONCURRENT = 16;
const TIMEOUT_MS = 10_000;

export function createCallbacks(options: { faults: Faults; events: Events; maxRecords: number }): Callbacks {
  const { faults, events, maxRecords } = options;
  const deliveries: CallbackDelivery[] = [];
  const waiting: (() => Promise<void>)[] = [];
  const stopping = new AbortController();
  let running = 0;

  const pump = () => {
    while (running < MAX_CONCURRENT) {
      const work = waiting.shift();
      if (work === undefined) return;
      running += 1;
      void work().finally(() => {
        running -= 1;
        pump();
      });
    }
  };

  const end = (delivery: CallbackDelivery, facts: Partial<CallbackDelivery>) => {
    Object.assign(delivery, facts);
    events.emit({ type: 'callback', callback: delivery });
  };

  const deliver = async (delivery: CallbackDelivery, url: string, body: string) => {
    const fault = faults.take('callback')?.fault;
    if (fault?.mode === 'reset') {
      end(delivery, { state: 'lost', error: 'lost by a scripted fault' });
      return;
    }
    const startedAt = performance.now();
    try {
      if (fault?.mode === 'delay') await delay(fault.delayMs, undefined, { signal: stopping.signal });
      if (fault?.mode === 'duplicate') await post(url, body, stopping.signal);
      const status = await post(url, body, stopping.signal);
      const state = status >= 200 && status < 300 ? 'delivered' : 'failed';
      end(delivery, { state, status, durationMs: Math.round(performance.now() - startedAt) });
    } catch (error) {
      end(delivery, {
        state: 'failed',
        error: describe(error),
        durationMs: Math.round(performance.now() - startedAt),
      });
    }
  };

  return {
    all: () => deliveries,
    notify(message, bots) {
      const body = JSON.stringify(message);
      for (const bot of bots) {
        const url = bot.callbackUrl;
        if (url === undefined || bot.groupId !== message.group_id) continue;
        const delivery: CallbackDelivery = {
          messageId: message.id,
          botName: bot.name,
          state: 'pending',
          status: null,
          error: null,
          durationMs: null,
        };
        deliveries.push(delivery);
        if (deliveries.length > maxRecords * 1.1) deliveries.splice(0, deliveries.length - maxRecords);
        events.emit({ type: 'callback', callback: delivery });
        waiting.push(() => deliver(delivery, url, body));
      }
      pump();
    },
    clear() {
      deliveries.length = 0;
      waiting.length = 0;
    },
    stop() {
      waiting.length = 0;
      stopping.abort();
    },
  };
}

/** The headers of a captured callback. One connection each, so that nothing outlives the simulator. */
function post(url: string, body: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: {
          'content-type': 'application/json',
          'user-agent': 'GroupMeBotNotifier/1.0',
          'accept-encoding': 'gzip',
          connection: 'close',
          'content-length': Buffer.byteLength(body),
        },
      },
      (answer) => {
        answer.resume();
        answer.once('close', () => resolve(answer.statusCode ?? 0));
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'AbortError') return 'timed out';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
