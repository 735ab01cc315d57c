import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { spawnKept } from '@wbor/testkit';

type Exit = Awaited<ReturnType<typeof spawnKept>>['exited'];

/** A process that sends by the SDK, from its start to its end. */
export interface SdkChild {
  readonly running: boolean;
  readonly exited: Exit;
  /** Of a message: how it ended. Undefined: the process ended first. */
  ask(request: { readonly send: object } | { readonly drain: number }): Promise<SdkAnswer | undefined>;
  /** All that it wrote to stderr. */
  errors(): string;
  kill(): Exit;
  /** Lets it end by itself once all is answered. */
  end(): Exit;
}

interface SdkAnswer {
  readonly deliveredBy?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly messages?: number;
  readonly logs?: number;
}

/** @param options what `createProducer` is given; the SDK is at `modulePath`. */
export async function startSdkChild(modulePath: string, options: object): Promise<SdkChild> {
  const kept = await spawnKept(process.execPath, [fileURLToPath(new URL('process.ts', import.meta.url))], {
    env: { PATH: process.env.PATH, SDK_MODULE: modulePath, SDK_OPTIONS: JSON.stringify(options) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { stderr, stdin, stdout } = kept.child;
  if (stderr === null || stdin === null || stdout === null) throw new Error('the process has no pipes');
  const waiting = new Map<string, (answer: SdkAnswer | undefined) => void>();
  let errors = '';
  let lastKey = 0;
  stderr.on('data', (data) => {
    errors += String(data);
  });
  // Killed while it is written to; `exited` tells.
  stdin.on('error', () => undefined);
  createInterface({ input: stdout }).on('line', (line) => {
    const { answer, key } = JSON.parse(line) as { key?: string; answer?: SdkAnswer };
    if (key === undefined) return;
    waiting.get(key)?.(answer);
    waiting.delete(key);
  });
  // When the pipe is closed, too, all has been read that it said.
  kept.child.once('close', () => {
    for (const resolve of waiting.values()) resolve(undefined);
    waiting.clear();
  });
  return {
    get running() {
      return kept.running;
    },
    exited: kept.exited,
    ask(request) {
      if (!kept.running) return Promise.resolve(undefined);
      lastKey += 1;
      const key = String(lastKey);
      const answered = new Promise<SdkAnswer | undefined>((resolve) => waiting.set(key, resolve));
      stdin.write(`${JSON.stringify({ key, ...request })}\n`);
      return answered;
    },
    errors: () => errors,
    kill: () => kept.kill(),
    async end() {
      stdin.end();
      return kept.exited;
    },
  };
}
