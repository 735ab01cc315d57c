import { z } from 'zod';

const TIMEOUT_MS = 10_000;
const PAGE_SIZE = 100;
/** More messages than a studio gets in a day. */
const MAX_PAGES = 50;

const pageSchema = z.object({
  messages: z.array(
    z.object({
      sid: z.string().regex(/^[A-Z]{2}[0-9a-f]{32}$/),
      body: z.string().nullish(),
      direction: z.string(),
      date_sent: z.string().nullish(),
    }),
  ),
  next_page_uri: z.string().startsWith('/').nullish(),
});

export interface RedactorOptions {
  readonly apiUrl: string;
  readonly accountSid: string;
  /** Secret. */
  readonly authToken: string;
  /** The studio's number, E.164. */
  readonly number: string;
  /** Older messages are off the screen anyway. */
  readonly hours: number;
}

/**
 * Has Twilio forget the texts of the messages that the studio got before a moment. An empty body is Twilio's redaction: the
 * message stays, for the bill, and its text is gone for good.
 *
 * The function that it returns says how many were redacted, and how many could not be. It does not reject.
 */
export function createRedactor(options: RedactorOptions) {
  const authorization = `Basic ${Buffer.from(`${options.accountSid}:${options.authToken}`).toString('base64')}`;
  const call = (path: string, body?: URLSearchParams) =>
    fetch(new URL(path, options.apiUrl), {
      headers: { authorization },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
  const messages = `/2010-04-01/Accounts/${encodeURIComponent(options.accountSid)}/Messages`;

  /** All of them, before the first is changed: a page must not move while it is read. */
  async function list(sinceMs: number, untilMs: number): Promise<string[]> {
    const query = new URLSearchParams({
      To: options.number,
      'DateSent>': new Date(sinceMs).toISOString().slice(0, 10),
      PageSize: String(PAGE_SIZE),
    });
    const found: string[] = [];
    let path: string | null | undefined = `${messages}.json?${query}`;
    for (let pages = 0; path && pages < MAX_PAGES; pages += 1) {
      const answer: Response = await call(path);
      const page: z.infer<typeof pageSchema> = pageSchema.parse(await answer.json());
      for (const { body, date_sent: sentAt, direction, sid } of page.messages) {
        const sentMs = sentAt ? Date.parse(sentAt) : sinceMs;
        if (body && direction === 'inbound' && sentMs >= sinceMs && sentMs <= untilMs) found.push(sid);
      }
      path = page.next_page_uri;
    }
    return found;
  }

  return async (at: string): Promise<{ redacted: number; failed: number; listed: boolean }> => {
    const untilMs = Date.parse(at);
    const sids = await list(untilMs - options.hours * 3_600_000, untilMs).catch(() => undefined);
    let redacted = 0;
    for (const sid of sids ?? []) {
      const answer = await call(`${messages}/${sid}.json`, new URLSearchParams({ Body: '' })).catch(
        () => undefined,
      );
      await answer?.body?.cancel();
      if (answer?.ok) redacted += 1;
    }
    return { redacted, failed: (sids?.length ?? 0) - redacted, listed: sids !== undefined };
  };
}
