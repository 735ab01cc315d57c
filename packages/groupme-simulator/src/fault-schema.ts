import { z } from 'zod';

const FAULT_ROUTES = ['bots/post', 'pictures', 'preview', 'messages', 'callback'] as const;
export type FaultRoute = (typeof FAULT_ROUTES)[number];

const base = {
  route: z.enum(FAULT_ROUTES),
  /** How often it strikes; without it, until it is cleared. */
  times: z.number().int().positive().optional(),
  /** So many matching requests pass first: `skip: 1, times: 1` hits only the second. */
  skip: z.number().int().nonnegative().optional(),
};

const answer = {
  status: z.number().int().min(200).max(599),
  /** A string goes out as it is, anything else as JSON. Default: GroupMe's own error envelope. */
  body: z.unknown().optional(),
  /** Seconds or an HTTP date. */
  retryAfter: z.union([z.string(), z.number()]).optional(),
};

/** Which modes make sense on which route. */
const MODES: Readonly<Record<FaultRoute, readonly string[]>> = {
  'bots/post': postModes(),
  pictures: postModes(),
  preview: ['status', 'hang', 'reset', 'delay'],
  messages: ['status', 'hang', 'reset', 'delay', 'rate-limit'],
  callback: ['reset', 'delay', 'duplicate'],
};

function postModes(): readonly string[] {
  return [
    'status',
    'hang',
    'reset',
    'delay',
    'rate-limit',
    'accept-then-reset',
    'accept-then-status',
    'accept-then-hang',
  ];
}

/**
 * One scripted misbehaviour.
 *
 * - `status`: that answer, nothing accepted.
 * - `hang`: no answer, nothing accepted.
 * - `reset`: the connection is reset, nothing accepted. For a callback: it is lost.
 * - `accept-then-…`: the post is shown (the picture stored), then the connection is reset, another status is
 *   answered, or nothing is.
 * - `delay`: the normal answer, later. The post is accepted then, even if the client has gone.
 * - `rate-limit`: more than `posts` within `perSeconds` are refused.
 * - `duplicate`: the callback is made twice.
 */
export const faultSchema = z
  .discriminatedUnion('mode', [
    z.strictObject({ ...base, mode: z.literal('status'), ...answer }),
    z.strictObject({ ...base, mode: z.literal('hang') }),
    z.strictObject({ ...base, mode: z.literal('reset') }),
    z.strictObject({ ...base, mode: z.literal('accept-then-reset') }),
    z.strictObject({ ...base, mode: z.literal('accept-then-status'), ...answer }),
    z.strictObject({ ...base, mode: z.literal('accept-then-hang') }),
    z.strictObject({ ...base, mode: z.literal('delay'), delayMs: z.number().nonnegative().max(600_000) }),
    z.strictObject({
      ...base,
      mode: z.literal('rate-limit'),
      perSeconds: z.number().positive(),
      posts: z.number().int().nonnegative(),
      /** Whether the refusal says how long to wait. Default false, as seen of GroupMe. */
      retryAfter: z.boolean().optional(),
      status: z.union([z.literal(429), z.literal(420)]).optional(),
    }),
    z.strictObject({ ...base, mode: z.literal('duplicate') }),
  ])
  .refine((fault) => MODES[fault.route].includes(fault.mode), {
    path: ['mode'],
    message: 'makes no sense on this route',
  });
export type Fault = z.infer<typeof faultSchema>;

/** A fault as it stands. */
export interface FaultState {
  readonly fault: Fault;
  /** How often it will still strike; null when without end. */
  readonly remaining: number | null;
}
