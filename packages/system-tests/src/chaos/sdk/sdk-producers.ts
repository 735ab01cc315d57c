import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PASSWORD } from '@wbor/start-system';
import { repoRoot } from '@wbor/testkit';
import { SDK_NAMES, type SdkName, type SentMessage, type UnexpectedExit } from '../facts.ts';
import { makeBody, type Numbering } from '../messages.ts';
import { createRandom, type Random } from '../random.ts';
import { PRODUCER_IDLE_MS } from '../schedule.ts';
import type { ChaosSystem } from '../system.ts';
import { type SdkChild, startSdkChild } from './child.ts';
import { acceptedIds, readSpool } from './spool-folder.ts';

/** Programs that send by the SDK, which posts by itself where the relay does not; each can be killed and started again. */
export interface SdkProducers {
  readonly messages: readonly SentMessage[];
  /** Those that nobody had killed. */
  readonly exits: readonly UnexpectedExit[];
  /** SIGKILL, `afterMs` after its next message was handed to it. It stays away until `start`. */
  kill(name: SdkName, afterMs: number): Promise<void>;
  start(name: SdkName): Promise<void>;
  /** Sends nothing new, and empties the spools. Resolves with what is left in them, one line a producer. */
  stop(timeoutMs: number): Promise<string[]>;
  killAll(): Promise<void>;
}

/** The relay cuts texts at 80 characters here, and the SDK at 900: so few words are one post, whoever makes it. */
const WORDS = { least: 2, most: 6 };
const MOST_AT_ONCE = 3;
const PAUSE_MS = { least: 300, most: 2_500 };
/** Short, so that a part of the messages is posted by the SDK itself. */
const WAIT_MS = 2_500;
const TIMEOUT_MS = 15_000;
const DRAIN_MS = 10_000;
const RETRY_PAUSE_MS = 500;
const SHOWN_LINES = 5;

/** Builds the SDK as it is published. @returns where its module is. */
async function buildSdk(folder: string): Promise<string> {
  const build = join(repoRoot, 'packages/producer/build.ts');
  await promisify(execFile)(process.execPath, [build, '--outdir', join(folder, 'sdk')]);
  return join(folder, 'sdk/index.js');
}

/** @param folder for the SDK and for the spools. */
export async function startSdkProducers(
  system: ChaosSystem,
  { folder, nextNumber, seed }: { folder: string; nextNumber: Numbering; seed: number },
): Promise<SdkProducers> {
  const modulePath = await buildSdk(folder);
  const messages: SentMessage[] = [];
  const exits: UnexpectedExit[] = [];
  const programs = new Map<SdkName, Program>();
  for (const [index, name] of SDK_NAMES.entries()) {
    const spools = join(folder, name);
    await mkdir(spools);
    const program = createProgram({
      name,
      spools,
      spawn: () => startSdkChild(modulePath, sdkOptions(system, name, spools)),
      nextNumber,
      random: createRandom(seed * 100 + 50 + index),
      messages,
      exits,
    });
    await program.start();
    programs.set(name, program);
  }
  const all = [...programs.values()];
  return {
    messages,
    exits,
    async kill(name, afterMs) {
      await programs.get(name)?.kill(afterMs);
    },
    async start(name) {
      await programs.get(name)?.start();
    },
    stop: async (timeoutMs) => (await Promise.all(all.map((program) => program.stop(timeoutMs)))).flat(),
    killAll: async () => void (await Promise.all(all.map((program) => program.killForGood()))),
  };
}

/** Both go through the network that fails: what the system's own processes go through as well. */
function sdkOptions(system: ChaosSystem, name: SdkName, spools: string): object {
  const { botId, accessToken } = system.simulator;
  const way =
    name === 'sdk-amqp'
      ? { rabbitmqUrl: system.distantBrokerUrls, exchange: system.namespace.exchange }
      : { gatewayUrl: system.gatewayUrl, token: PASSWORD };
  return {
    ...way,
    source: name,
    fallback: { botId, apiUrl: system.groupmeApiUrl, groupmeAccessToken: accessToken },
    spoolFile: join(spools, 'spool'),
  };
}

type Program = ReturnType<typeof createProgram>;

/** One producer: a process after another, with one spool. */
function createProgram(options: {
  readonly name: SdkName;
  readonly spools: string;
  readonly spawn: () => Promise<SdkChild>;
  readonly nextNumber: Numbering;
  readonly random: Random;
  readonly messages: SentMessage[];
  readonly exits: UnexpectedExit[];
}) {
  const { messages, name, random, spools } = options;
  const noMore = new AbortController();
  let child: SdkChild | undefined;
  let mayEnd = false;
  let working: Promise<void> | undefined;
  let onSend = () => {};

  async function start(): Promise<void> {
    if (child?.running) return;
    const started = await options.spawn();
    child = started;
    mayEnd = false;
    void started.exited.then(({ exitCode, signal }) => {
      if (mayEnd && exitCode === 0) return;
      if (mayEnd && signal === 'SIGKILL') return;
      const lastLines = started.errors().split('\n').slice(-SHOWN_LINES);
      options.exits.push({ process: name, exitCode, signal, atMs: Date.now(), lastLines });
    });
    working ??= produce();
  }

  async function produce(): Promise<void> {
    while (!noMore.signal.aborted) {
      const current = child;
      if (current?.running) {
        const count = random.integer(1, MOST_AT_ONCE);
        await Promise.all(Array.from({ length: count }, () => send(current)));
      }
      await pause(random.integer(PAUSE_MS.least, PAUSE_MS.most), noMore.signal);
    }
  }

  async function send(to: SdkChild): Promise<void> {
    const { id, number } = options.nextNumber();
    const words = random.integer(WORDS.least, WORDS.most);
    const sdk: NonNullable<SentMessage['sdk']> = { producer: name, told: null };
    const message = {
      number,
      id,
      source: name,
      urgent: false,
      words,
      hasPicture: false,
      acceptedAtMs: null as number | null,
      sdk,
    };
    messages.push(message);
    const asked = to.ask({
      send: { body: makeBody(number, words), wborMessageId: id, waitMs: WAIT_MS, timeoutMs: TIMEOUT_MS },
    });
    onSend();
    const answer = await asked;
    if (answer?.state !== undefined) {
      sdk.told = {
        deliveredBy: answer.deliveredBy ?? '',
        state: answer.state,
        reason: answer.reason ?? null,
        atMs: Date.now(),
      };
      if (answer.deliveredBy !== 'nobody') message.acceptedAtMs = Date.now();
    } else if (acceptedIds(await readSpool(spools)).has(id)) {
      // Killed after it had accepted it. The next process goes on with it.
      message.acceptedAtMs = Date.now();
    }
  }

  /** Before the next process can change the spool, all that was accepted in it must be known. */
  async function killNow(): Promise<void> {
    mayEnd = true;
    const current = child;
    if (!current?.running) return;
    await current.kill();
    const accepted = acceptedIds(await readSpool(spools));
    for (const message of messages) {
      if (message.source === name && accepted.has(message.id)) message.acceptedAtMs ??= Date.now();
    }
  }

  async function drain(untilMs: number): Promise<string[]> {
    let left = 'the process is gone';
    while (Date.now() < untilMs) {
      const answer = await child?.ask({ drain: DRAIN_MS });
      if (answer === undefined) break;
      left = await readSpool(spools);
      if (answer.messages === 0 && answer.logs === 0 && left.trim() === '') {
        mayEnd = true;
        await child?.end();
        return [];
      }
      // A process that was killed holds its file for a few seconds.
      await delay(RETRY_PAUSE_MS);
    }
    return [`${name}: ${left.slice(0, 2_000)}`];
  }

  return {
    start,
    async kill(afterMs: number): Promise<void> {
      const sent = new Promise<void>((resolve) => {
        onSend = resolve;
      });
      await Promise.race([sent, delay(PRODUCER_IDLE_MS - afterMs)]);
      await delay(afterMs);
      await killNow();
    },
    async stop(timeoutMs: number): Promise<string[]> {
      const untilMs = Date.now() + timeoutMs;
      noMore.abort();
      await working;
      await start();
      return drain(untilMs);
    },
    async killForGood(): Promise<void> {
      noMore.abort();
      mayEnd = true;
      await child?.kill();
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
