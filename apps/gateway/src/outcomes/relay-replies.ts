import { randomUUID } from 'node:crypto';
import { parseJson } from '@wbor/contracts';
import { z } from 'zod';

/** What the relay says of a message while its caller waits. */
const replySchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('posting') }),
  z.object({ status: z.literal('success') }),
  z.object({ status: z.literal('failed'), code: z.number(), reason: z.string() }),
]);
type RelayReply = z.infer<typeof replySchema>;

/** How a message ended, or how far it is when nobody waits any longer. */
export type WaitOutcome =
  | { readonly status: 'delivered' | 'queued' | 'posting' | 'expired' | 'silent' | 'stopped' }
  | { readonly status: 'failed'; readonly code: number; readonly reason: string };

/** The replies to one call. */
interface ExpectedReplies {
  /** Where the relay is to reply to; undefined while there is no connection, and then no reply will come. */
  readonly replyTo: string | undefined;
  readonly correlationId: string;
  /**
   * Waits for the last reply until `untilMs` (epoch). `expired`: the relay has said that it posts it no more. `silent`: it
   * has said nothing by the deadline and the margin, or nothing that came here: the queue of replies goes with its
   * connection. `stopped`: the gateway is stopping before that is known.
   */
  wait(untilMs: number, deliverByMs: number | undefined): Promise<WaitOutcome>;
  /** Nobody waits any more. */
  forget(): void;
}

export interface RelayReplies {
  expect(): ExpectedReplies;
  /** For the queue of replies. */
  hear(content: Buffer, correlationId: string | undefined): void;
  /** Ends all waiting, with what is known. */
  close(): void;
}

/** How far the clocks of the gateway and the relay may be apart. */
const CLOCK_MARGIN_MS = 2_000;

/** What the relay answers to a message whose deadline has passed: also after `posting`, nothing of it is posted. */
const DEADLINE_PASSED = 408;

/** @param address the name of the queue of replies, as long as there is one. */
export function createRelayReplies(address: () => string | undefined): RelayReplies {
  const expected = new Map<string, { replies: RelayReply[]; wake(): void }>();
  let isClosed = false;

  return {
    expect() {
      const correlationId = randomUUID();
      const replyTo = address();
      const entry = { replies: [] as RelayReply[], wake: () => {} };
      expected.set(correlationId, entry);
      return {
        replyTo,
        correlationId,
        async wait(untilMs, deliverByMs) {
          // Only who asked for the interim reply may conclude anything from its absence.
          const silentAtMs =
            deliverByMs === undefined || replyTo === undefined
              ? Number.POSITIVE_INFINITY
              : deliverByMs + CLOCK_MARGIN_MS;
          for (;;) {
            const last = entry.replies.find(({ status }) => status !== 'posting');
            if (last) return toOutcome(last);
            const isPosting = entry.replies.length > 0;
            const now = Date.now();
            if (!isPosting && now >= silentAtMs) return { status: 'silent' };
            if (isPosting && (now >= untilMs || isClosed)) return { status: 'posting' };
            // Who has a deadline would take `queued` for a promise that it is posted, whatever the time.
            if (isClosed) return { status: deliverByMs === undefined ? 'queued' : 'stopped' };
            if (now >= untilMs) return { status: 'queued' };
            await new Promise<void>((resolve) => {
              const end = isPosting ? untilMs : Math.min(untilMs, silentAtMs);
              const timer = setTimeout(resolve, Math.max(1, end - now));
              entry.wake = () => {
                clearTimeout(timer);
                resolve();
              };
            });
          }
        },
        forget: () => void expected.delete(correlationId),
      };
    },
    hear(content, correlationId) {
      const entry = expected.get(correlationId ?? '');
      if (!entry) return;
      const json = parseJson(content.toString('utf8'));
      const reply = json.ok ? replySchema.safeParse(json.value).data : undefined;
      if (!reply) return;
      entry.replies.push(reply);
      entry.wake();
    },
    close() {
      isClosed = true;
      for (const { wake } of expected.values()) wake();
    },
  };
}

function toOutcome(reply: RelayReply): WaitOutcome {
  if (reply.status !== 'failed') return { status: 'delivered' };
  const { code, reason } = reply;
  return code === DEADLINE_PASSED ? { status: 'expired' } : { status: 'failed', code, reason };
}
