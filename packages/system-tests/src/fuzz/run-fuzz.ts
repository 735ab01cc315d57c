import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReleases } from '@wbor/start-system';
import { waitFor } from '@wbor/testkit';
import { waitUntilSettled } from '../settle.ts';
import { collectFacts, listConnections } from './collect.ts';
import type { FuzzFacts, SentInput } from './facts.ts';
import { startGoodProducer } from './good.ts';
import { drawInput } from './inputs/inputs.ts';
import type { Input } from './inputs/types.ts';
import { type Judgement, judge } from './judge.ts';
import { type Answer, createSenders } from './senders.ts';
import { APPS, type FuzzSystem, startFuzzSystem } from './system.ts';

export interface RunFuzzOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Sends only the inputs of these numbers, once. */
  readonly only?: readonly number[];
  readonly keepFolder?: string | undefined;
  /** Ends the run early; everything is stopped and removed. */
  readonly signal?: AbortSignal;
  readonly onProgress: (line: string) => void;
}

export interface FuzzResult {
  readonly facts: FuzzFacts;
  readonly judgement: Judgement;
  /** Where inputs and logs are, if they were kept. */
  readonly folder: string | undefined;
}

/** Inputs that are sent between two looks at the chat. */
const ROUND = 24;
/** A round whose good messages have not come by then is the last one. */
const ROUND_TIMEOUT_MS = 60_000;
const SETTLE_TIMEOUT_MS = 180_000;
const PROGRESS_EVERY_MS = 10_000;

/** Starts everything, sends for a while, and judges what became of it. Undefined when it was interrupted. */
export async function runFuzz(options: RunFuzzOptions): Promise<FuzzResult | undefined> {
  const { onProgress } = options;
  const signal = options.signal ?? new AbortController().signal;
  const releases = createReleases();
  try {
    onProgress('starting a broker, a Postgres, GroupMe, and one process of each service');
    const system = await startFuzzSystem(releases);
    const inputs: Input[] = [];
    const facts = await sendAndCollect(system, { ...options, signal }, inputs);
    if (facts === undefined) return undefined;
    const judgement = judge(facts);
    const keep = options.keepFolder !== undefined || judgement.failures.length > 0;
    const folder = keep
      ? await keepEverything(system, options.keepFolder, { inputs, facts, judgement })
      : undefined;
    return { facts, judgement, folder };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    await releases.releaseAll().catch((error: AggregateError) => {
      for (const failure of error.errors) onProgress(`could not stop a part: ${String(failure)}`);
    });
  }
}

async function sendAndCollect(
  system: FuzzSystem,
  options: RunFuzzOptions & { signal: AbortSignal },
  inputs: Input[],
): Promise<FuzzFacts | undefined> {
  const { only, onProgress, seed, signal } = options;
  const connections = await listConnections(system);
  const senders = createSenders(system);
  const good = await startGoodProducer(system);
  const sent: SentInput[] = [];
  const startedAt = performance.now();
  const progress = (line: string) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    onProgress(`${seconds.padStart(7)} s  ${line}`);
  };

  async function sendOne(input: Input): Promise<void> {
    inputs.push(input);
    sent.push(toSent(input, await senders.send(input)));
  }

  let toldAt = startedAt;
  let next = 0;
  const isOver = () => (only ? next > 0 : performance.now() - startedAt >= options.minutes * 60_000);
  while (!isOver() && !signal.aborted) {
    const numbers = only ?? Array.from({ length: ROUND }, (_, index) => next + index);
    next += numbers.length;
    const round = numbers.map((number) => drawInput(seed, number, system.routes));
    await Promise.all([good.sendOneEachWay(), ...round.map(sendOne)]);
    const arrived = await waitFor(() => good.look() || signal.aborted, {
      what: 'the good messages',
      timeoutMs: ROUND_TIMEOUT_MS,
    }).catch(() => false);
    if (!arrived) {
      progress(
        `the good messages of this round have not come for ${ROUND_TIMEOUT_MS / 1_000} s: nothing more is sent`,
      );
      break;
    }
    if (performance.now() - toldAt >= PROGRESS_EVERY_MS) {
      toldAt = performance.now();
      progress(
        `${sent.length} inputs, ${good.messages.length} good messages, ${system.simulator.messages().length} in the chat`,
      );
    }
  }
  await senders.close();
  if (signal.aborted) return undefined;
  progress(
    `${sent.length} inputs and ${good.messages.length} good messages are sent; waiting until nothing is under way`,
  );
  const queuesLeft = await waitUntilSettled(system, {
    timeoutMs: SETTLE_TIMEOUT_MS,
    signal,
    onWait: () => undefined,
  });
  good.look();
  if (signal.aborted) return undefined;
  const facts = await collectFacts(system, { sent, good: good.messages, queuesLeft, connections });
  await good.close();
  return facts;
}

function toSent(input: Input, answer: Answer): SentInput {
  const { token, kind, what } = input;
  if (input.kind !== 'amqp') return { token, kind, what, answer };
  const sha256 = createHash('sha256').update(input.content).digest('hex');
  return { token, kind, what, exchange: input.exchange, key: input.key, sha256, answer };
}

/** Everything that explains a failure: each input with its fate, the logs, and what was wrong. */
async function keepEverything(
  system: FuzzSystem,
  folder: string | undefined,
  { inputs, facts, judgement }: { inputs: readonly Input[]; facts: FuzzFacts; judgement: Judgement },
): Promise<string> {
  const into = folder ?? (await mkdtemp(join(tmpdir(), 'wbor-fuzz-')));
  await mkdir(into, { recursive: true });
  const answers = new Map(facts.sent.map(({ token, answer }) => [token, answer]));
  const lines = inputs.map((input) => {
    const { token } = input;
    const known = { fate: judgement.fates.get(token), answer: answers.get(token) };
    return JSON.stringify({ ...known, ...(withoutBytes(input) as object) });
  });
  await writeFile(join(into, 'inputs.jsonl'), `${lines.join('\n')}\n`);
  await writeFile(join(into, 'failures.txt'), `${judgement.failures.join('\n')}\n`);
  for (const app of APPS) await writeFile(join(into, `${app}.log`), `${system.services[app].output()}\n`);
  return into;
}

/** Bytes as base64: as JSON writes a Buffer, a number a byte, they would be five times as long. */
function withoutBytes(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return { base64: value.toString('base64') };
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutBytes);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutBytes(inner)]));
}
