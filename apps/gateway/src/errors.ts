import { STATUS_CODES } from 'node:http';
import { z } from 'zod';

/** One thing that is wrong with a request. */
const faultSchema = z.object({
  path: z.string().describe('The field, for example `images.0`; empty for the body as a whole.'),
  message: z.string(),
});
export type Fault = z.infer<typeof faultSchema>;

/** The body of every answer that is not 2xx. */
export const errorBodySchema = z.object({
  statusCode: z.number().int().min(400).max(599),
  code: z.string().describe('Stable, for programs.'),
  error: z.string().describe("The status' name."),
  message: z.string().describe('For people.'),
  faults: z.array(faultSchema).optional().describe('With 400: everything that is wrong, not just the first.'),
  status: z
    .enum(['failed', 'expired'])
    .optional()
    .describe('With 502 and 504 on /send: what became of the message, where that is known.'),
  wbor_message_id: z
    .string()
    .optional()
    .describe(
      'With 503 on /send: repeat the call with this id: the relay remembers what it has posted lately, and posts it once. With 502 and 504: which message it is.',
    ),
});
type ErrorBody = z.infer<typeof errorBodySchema>;

type GatewayErrorCode =
  | 'BODY_TOO_LARGE'
  | 'BROKER_UNAVAILABLE'
  | 'CONFIRM_TIMEOUT'
  | 'FORBIDDEN'
  | 'IN_DOUBT'
  | 'INTERNAL'
  | 'INVALID_REQUEST'
  | 'MALFORMED_JSON'
  | 'NO_RECEIVER'
  | 'NOT_DELIVERED'
  | 'NOT_POSTED'
  | 'NOT_KNOWN'
  | 'NOT_FOUND'
  | 'RATE_LIMITED'
  | 'REFUSED'
  | 'SPOOL_FULL'
  | 'STOPPING'
  | 'TEMPLATE_FAILED'
  | 'UNAUTHORIZED'
  | 'UNSUPPORTED_MEDIA_TYPE';

/** A request that is not answered with 2xx. Code, message and faults are shown to the caller. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;
  readonly statusCode: number;
  readonly retryAfterSeconds: number | undefined;
  readonly faults: readonly Fault[] | undefined;
  readonly status: 'failed' | 'expired' | undefined;

  constructor(
    statusCode: number,
    code: GatewayErrorCode,
    message: string,
    details: {
      retryAfterSeconds?: number;
      faults?: readonly Fault[];
      status?: 'failed' | 'expired';
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.statusCode = statusCode;
    this.code = code;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.faults = details.faults;
    this.status = details.status;
  }
}

export function toErrorBody(error: GatewayError, wborMessageId: string | undefined): ErrorBody {
  return {
    statusCode: error.statusCode,
    code: error.code,
    error: STATUS_CODES[error.statusCode] ?? 'Error',
    message: error.message,
    ...(error.faults ? { faults: [...error.faults] } : {}),
    ...(error.status ? { status: error.status } : {}),
    ...(error.statusCode > 500 && wborMessageId !== undefined ? { wbor_message_id: wborMessageId } : {}),
  };
}

/** The same in GroupMe's form, for those who take us for GroupMe. */
export function toGroupMeError(error: GatewayError): object {
  const errors = error.faults?.map(({ path, message }) => `${path} ${message}`.trim()) ?? [error.message];
  return { meta: { code: error.statusCode, errors }, response: null };
}

/** One text for unknown paths and wrong callback secrets, so that nobody can tell them apart. */
export function notFound(): GatewayError {
  return new GatewayError(404, 'NOT_FOUND', 'there is nothing here; GET /reference describes the API');
}

export function rateLimited(retryAfterSeconds: number): GatewayError {
  return new GatewayError(429, 'RATE_LIMITED', `too many requests; wait ${retryAfterSeconds} s`, {
    retryAfterSeconds,
  });
}
