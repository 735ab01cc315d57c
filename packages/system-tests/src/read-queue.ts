import { connectAmqp } from '@wbor/testkit';

export interface QueuedMessage {
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  /** All properties with the headers, as JSON. */
  readonly properties: string;
}

/** Reads a queue and leaves it as it was. One that does not exist is empty. */
export async function readQueue(url: string, queue: string): Promise<QueuedMessage[]> {
  const connection = await connectAmqp(url);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    const get = () => channel.get(queue).catch(() => false as const);
    const found: QueuedMessage[] = [];
    for (let message = await get(); message !== false; message = await get()) {
      const { content, properties } = message;
      found.push({ content, headers: properties.headers ?? {}, properties: toJson(properties) });
    }
    return found;
  } finally {
    // What was not acked goes back.
    await connection.close();
  }
}

function toJson(properties: object): string {
  return JSON.stringify(properties, (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}
