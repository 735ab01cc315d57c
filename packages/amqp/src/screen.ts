import type { ConsumerLimits, Delivery, ScreenReason } from './types.ts';

/** A message that no handler shall see. */
export interface Screened {
  readonly reason: ScreenReason;
  /** For people; never repeats the message. */
  readonly error: string;
  /** What is kept instead of the body, when the body is not. */
  readonly content?: Buffer;
}

/** No program nests headers like that on purpose, and whoever walks them must come to an end. */
const MAX_HEADER_DEPTH = 32;

/** Set by quorum queues: how often the message was handed out before. */
const DELIVERY_COUNT_HEADER = 'x-delivery-count';

/** Says why a message must not be worked on; undefined when it may be. */
export function screen(
  delivery: Delivery,
  limits: Pick<ConsumerLimits, 'maxDeliveries'> & { readonly maxMessageBytes: number },
): Screened | undefined {
  const { content, headers, omitted, redelivered } = delivery;
  if (omitted !== undefined) {
    const most = `${limits.maxMessageBytes} are the most`;
    return {
      reason: 'too-large',
      error: `the body has ${omitted.bytes} bytes, ${most}; its digest and its beginning were kept`,
      content: Buffer.from(JSON.stringify(summarise(content, omitted))),
    };
  }
  if (depthOf(headers) > MAX_HEADER_DEPTH) {
    return {
      reason: 'unreadable-headers',
      error: `the headers are nested more than ${MAX_HEADER_DEPTH} levels deep; the body is as it came`,
    };
  }
  // On a first delivery it is the producer's own.
  const count = redelivered ? Number(headers[DELIVERY_COUNT_HEADER] ?? 0) : 0;
  if (limits.maxDeliveries !== undefined && count >= limits.maxDeliveries) {
    return {
      reason: 'delivered-too-often',
      error: `it was handed out ${count} times, and nobody came to an end with it`,
    };
  }
  return undefined;
}

function summarise(beginning: Buffer, { bytes, sha256 }: NonNullable<Delivery['omitted']>) {
  return { bytes, sha256, beginning: beginning.toString(), beginning_base64: beginning.toString('base64') };
}

/** The connection leaves what is nested deeper than 64 levels as bytes, so that this comes to an end. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return 0;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner));
  return deepest + 1;
}
