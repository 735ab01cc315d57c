import { createInterface } from 'node:readline';

// A program of somebody else's that uses the SDK as it is published. It is told what to send, one JSON object a line, and says
// how that ended in the same way. What it writes is written when the call returns, so that a kill takes nothing back.

/** As much of the SDK as is used here: the package is built for each run, and has no types before that. */
interface Sdk {
  createProducer(options: object): {
    send(message: object): Promise<{ deliveredBy: string; state: string; reason?: string }>;
    drain(options: { timeoutMs: number }): Promise<{ messages: number; logs: number; inDoubt: number }>;
    close(): Promise<void>;
  };
}

const { SDK_MODULE = '', SDK_OPTIONS = '{}' } = process.env;
const { createProducer } = (await import(SDK_MODULE)) as Sdk;
const producer = createProducer(JSON.parse(SDK_OPTIONS) as object);

const say = (words: object): void => void process.stdout.write(`${JSON.stringify(words)}\n`);

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { drain, key, send } = JSON.parse(line) as { key: string; send?: object; drain?: number };
  const work =
    send === undefined ? producer.drain({ timeoutMs: drain ?? 0 }) : producer.send(send).catch(readError);
  // Not awaited: several are under way at once.
  void work.then((answer) => say({ key, answer }));
}
await producer.close();

function readError(error: unknown): object {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { deliveredBy: 'nobody', state: String(code), reason: String(message) };
}
