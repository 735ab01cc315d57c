import { Worker } from 'node:worker_threads';

export interface QueuedMessage {
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  /** All properties with the headers, as JSON. */
  readonly properties: string;
}

/** What the reading thread is told. */
export interface ReadQueueTask {
  readonly url: string;
  readonly queue: string;
}

/** What it hands back. */
export interface ReadMessage {
  readonly content: Uint8Array;
  readonly properties: string;
}

/** What lies in a parking queue may be nested so deep that reading it needs more than the usual megabyte. */
const STACK_MEGABYTES = 192;
const THREAD = new URL('./read-queue-thread.ts', import.meta.url);

/** Reads a queue and leaves it as it was. One that does not exist is empty. */
export function readQueue(url: string, queue: string): Promise<QueuedMessage[]> {
  const workerData: ReadQueueTask = { url, queue };
  const thread = new Worker(THREAD, { workerData, resourceLimits: { stackSizeMb: STACK_MEGABYTES } });
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error(`${queue} could not be read`)));
    thread.once('message', (messages: readonly ReadMessage[]) => {
      resolve(
        messages.map(({ content, properties }) => ({
          content: Buffer.from(content),
          properties,
          headers: (JSON.parse(properties) as { headers?: Record<string, unknown> }).headers ?? {},
        })),
      );
    });
  });
}
