import type { ConfirmChannel } from 'amqplib';

/**
 * Publishing as no well-behaved client does: with properties and headers that amqplib refuses to encode, so that
 * tests can send what other people's programs, or hostile ones, put on the wire.
 */

/** Properties as bytes. What is missing is not sent. */
export interface WireProperties {
  readonly contentType?: string | Buffer;
  readonly contentEncoding?: string | Buffer;
  /** The content of the table, without its length: {@link wireTable} and its companions make it. */
  readonly headers?: Buffer;
  /** Default 2, persistent. */
  readonly deliveryMode?: number;
  readonly priority?: number;
  readonly correlationId?: string | Buffer;
  readonly replyTo?: string | Buffer;
  readonly expiration?: string | Buffer;
  readonly messageId?: string | Buffer;
  /** 64 bits, unsigned. */
  readonly timestamp?: bigint;
  readonly type?: string | Buffer;
  readonly appId?: string | Buffer;
}

/** Resolves once the broker has confirmed the message; a refusal rejects, and so does a channel that it closes. */
export async function publishFrames(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  content: Buffer,
  properties: WireProperties = {},
): Promise<void> {
  const { connection, ch, pushConfirmCallback } = internalsOf(channel);
  const { stream, frameMax } = connection;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  channel.once('close', () => reject(new Error('the broker closed the channel')));
  pushConfirmCallback.call(channel, (error) => (error ? reject(error) : resolve()));
  const publish = Buffer.concat([
    Buffer.from([0, 60, 0, 40, 0, 0]),
    short(exchange),
    short(routingKey),
    byte(0),
  ]);
  stream.write(frame(1, ch, publish));
  stream.write(frame(2, ch, contentHeader(content.length, properties)));
  const chunk = (frameMax || 131_072) - 8;
  for (let from = 0; from < content.length; from += chunk) {
    stream.write(frame(3, ch, content.subarray(from, from + chunk)));
  }
  await promise;
}

/** A table of one entry a name, each value given as its type's tag and its bytes. */
export function wireTable(
  entries: Readonly<Record<string, Buffer>> | readonly (readonly [Buffer, Buffer])[],
): Buffer {
  const pairs = Array.isArray(entries)
    ? entries
    : Object.entries(entries).map(([name, value]) => [Buffer.from(name), value] as const);
  return Buffer.concat(pairs.flatMap(([name, value]) => [short(name), value]));
}

/** A value of any type: its tag (`S`, `I`, `F`, `A`, `x` …) and its bytes. */
export const wireValue = (tag: string, bytes: Buffer): Buffer => Buffer.concat([Buffer.from(tag), bytes]);

export const wireText = (text: string | Buffer): Buffer => wireValue('S', long(Buffer.from(text)));

/** A table (`F`) or a list (`A`) in itself, `depth` times; some 7 or 5 bytes a level. */
export function wireNested(kind: 'F' | 'A', depth: number): Buffer {
  // From the innermost outwards every length is known; written from the end, so that no level is copied twice.
  const head = kind === 'F' ? 7 : 5;
  const buffer = Buffer.alloc(depth * head);
  let at = buffer.length;
  for (let level = 0; level < depth; level += 1) {
    const inside = buffer.length - at;
    at -= head;
    let position = at;
    if (kind === 'F' && level < depth - 1) {
      buffer.write('\u0001a', position, 'latin1');
      position += 2;
    } else if (kind === 'F') {
      at += 2;
      position = at;
    }
    buffer.write(kind, position, 'latin1');
    buffer.writeUInt32BE(inside, position + 1);
  }
  return buffer.subarray(at);
}

function contentHeader(size: number, properties: WireProperties): Buffer {
  const { contentType, contentEncoding, headers, deliveryMode = 2, priority, timestamp } = properties;
  const { correlationId, replyTo, expiration, messageId, type, appId } = properties;
  const fields: readonly (Buffer | undefined)[] = [
    optionalShort(contentType),
    optionalShort(contentEncoding),
    headers && long(headers),
    byte(deliveryMode),
    priority === undefined ? undefined : byte(priority),
    optionalShort(correlationId),
    optionalShort(replyTo),
    optionalShort(expiration),
    optionalShort(messageId),
    timestamp === undefined ? undefined : uint64(timestamp),
    optionalShort(type),
    undefined,
    optionalShort(appId),
  ];
  let flags = 0;
  for (const [index, field] of fields.entries()) if (field) flags |= 1 << (15 - index);
  const start = Buffer.from([0, 60, 0, 0]);
  const flagBytes = Buffer.from([flags >> 8, flags & 0xff]);
  return Buffer.concat([
    start,
    uint64(BigInt(size)),
    flagBytes,
    ...fields.filter((field) => field !== undefined),
  ]);
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, byte(0xce)]);
}

const byte = (value: number): Buffer => Buffer.from([value]);

function uint64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(value);
  return buffer;
}

function short(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([byte(bytes.length), bytes]);
}

const optionalShort = (text: string | Buffer | undefined) => (text === undefined ? undefined : short(text));

function long(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

interface Internals {
  readonly ch: number;
  readonly connection: { readonly stream: NodeJS.WritableStream; readonly frameMax: number };
  readonly pushConfirmCallback: (done: (error: Error | null) => void) => void;
}

/** What amqplib does not declare. */
const internalsOf = (channel: ConfirmChannel) => channel as unknown as Internals;
