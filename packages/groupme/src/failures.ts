import { z } from 'zod';
import {
  type FailureFacts,
  GroupMeConfigurationError,
  type GroupMeError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
  GroupMeUnknownOutcomeError,
} from './errors.ts';
import type { HttpAnswer } from './http.ts';
import { parseRetryAfter } from './retry-after.ts';

const MAX_DETAIL_LENGTH = 200;

const errorBodySchema = z.object({ meta: z.object({ errors: z.array(z.string()).min(1) }) });

/** Statuses that mean a wrong bot id or token, by what authorises the route. */
const CONFIGURATION_STATUSES = {
  bot: [401, 404],
  token: [401, 403],
} as const;

/**
 * Makes the error of an answer that is not the expected success.
 *
 * @param route For the message, for example `bots/post`.
 * @param authorisation What the route is authorised by: on bots/post a 404 means an unknown bot.
 */
export function toGroupMeError(
  answer: HttpAnswer,
  route: string,
  authorisation: keyof typeof CONFIGURATION_STATUSES,
  redact: (text: string) => string,
): GroupMeError {
  const { status } = answer;
  // A success that cannot be read holds people's messages, not GroupMe's words about a failure.
  const detail = status < 300 ? undefined : readDetail(answer.body, redact);
  const facts: FailureFacts = {
    status,
    durationMs: answer.durationMs,
    detail,
    retryAfterMs: parseRetryAfter(answer.header('retry-after'), answer.header('date'), Date.now()),
  };
  const said = `${route} answered ${status}${detail === undefined ? '' : `: ${detail}`}`;
  const configurationStatuses: readonly number[] = CONFIGURATION_STATUSES[authorisation];

  if (status === 429 || status === 420) return new GroupMeRateLimitedError(said, facts);
  // GroupMe has a 4xx that reports its own time-out, and then nobody knows how far it got.
  if (status >= 500 || status === 408 || /\brequest time(?:d )?-?out\b/i.test(detail ?? '')) {
    return new GroupMeUnknownOutcomeError(said, facts);
  }
  // A redirect is no word of GroupMe's about the message: something else answers at this address.
  if (configurationStatuses.includes(status) || (status >= 300 && status < 400))
    return new GroupMeConfigurationError(said, facts);
  if (status >= 300) return new GroupMeRejectedError(said, facts);
  return new GroupMeUnknownOutcomeError(`${route} answered ${status} with a body that makes no sense`, facts);
}

/** GroupMe's own words: its list of errors, or the body as it is; undefined when it said nothing. */
function readDetail(body: string, redact: (text: string) => string): string | undefined {
  // Redacted before it is cut: a cut through a secret would leave a piece that no longer matches.
  const text = redact(readErrors(body) ?? body)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text === '' ? undefined : text.slice(0, MAX_DETAIL_LENGTH);
}

function readErrors(body: string): string | undefined {
  try {
    return errorBodySchema.parse(JSON.parse(body)).meta.errors.join('; ');
  } catch {
    // HTML of a proxy, plain text, nothing at all: whatever it is, it is all that we have.
    return undefined;
  }
}
