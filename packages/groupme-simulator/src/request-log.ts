import { createHash } from 'node:crypto';
import type { Events } from './events.ts';
import type { RecordedRequest } from './types.ts';

interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer | undefined;
}

export interface RequestLog {
  begin(request: ReceivedRequest, fault: string | null): RecordedRequest;
  /** The first ending counts. */
  end(record: RecordedRequest, ending: RecordedRequest['ending'], status?: number): void;
  /** Oldest first. The caller must not change it. */
  all(): readonly RecordedRequest[];
  clear(): void;
}

const SHOWN_HEADERS = ['content-type', 'user-agent'];
const REDACTED = '[redacted]';

export function createRequestLog(options: { maxRecords: number; events: Events }): RequestLog {
  const { maxRecords, events } = options;
  const records: RecordedRequest[] = [];
  const startedAtMs = new WeakMap<RecordedRequest, number>();
  let lastSeq = 0;

  return {
    all: () => records,
    begin({ method, url, headers, body }, fault) {
      const { pathname, searchParams } = new URL(url, 'http://simulator');
      lastSeq += 1;
      const record: RecordedRequest = {
        seq: lastSeq,
        at: new Date().toISOString(),
        method,
        path: pathname,
        query: Object.fromEntries(
          [...searchParams].map(([name, value]) => [name, /token/.test(name) ? REDACTED : value]),
        ),
        headers: pickHeaders(headers),
        ...describeBody(body),
        status: null,
        ending: 'pending',
        durationMs: null,
        fault,
      };
      startedAtMs.set(record, performance.now());
      records.push(record);
      if (records.length > maxRecords * 1.1) records.splice(0, records.length - maxRecords);
      events.emit({ type: 'request', request: record });
      return record;
    },
    end(record, ending, status) {
      if (record.ending !== 'pending') return;
      record.ending = ending;
      record.status = status ?? null;
      record.durationMs = Math.round(performance.now() - (startedAtMs.get(record) ?? 0));
      events.emit({ type: 'request', request: record });
    },
    clear() {
      records.length = 0;
    },
  };
}

function pickHeaders(headers: ReceivedRequest['headers']): Record<string, string> {
  const shown = SHOWN_HEADERS.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, String(value)]];
  });
  return Object.fromEntries([
    ...shown,
    ...(headers['x-access-token'] === undefined ? [] : [['x-access-token', REDACTED]]),
  ]);
}

function describeBody(body: Buffer | undefined): Pick<RecordedRequest, 'json' | 'bytes' | 'sha256'> {
  if (body === undefined || body.length === 0) return {};
  // Only what looks like JSON is tried: parsing a picture as text would cost more than hashing it.
  if (body[0] === 0x7b || body[0] === 0x5b) {
    try {
      return { json: JSON.parse(body.toString('utf8')) };
    } catch {
      // Recorded as bytes below; the route itself answers 400.
    }
  }
  return { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
}
