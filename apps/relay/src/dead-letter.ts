import type { BrowsedMessage } from '@wbor/amqp';
import { LOW_PRIORITY_HEADER, parkedAtOf, plannedMessage, readMessage } from '@wbor/contracts';
import { sourceOfKey } from './intake/sources/source.ts';
import { NOTICE_SOURCE, type ParkedMessage } from './notify/parked-notice.ts';

/** What the broker put aside longer ago was told of, or it is too late to be of use. */
const NEWS_MS = 3_600_000;

/** What the broker put aside by itself within the last hour; undefined for what a relay parked, and for our own notices. */
export function readDeadLetter(entry: BrowsedMessage): ParkedMessage | undefined {
  const deaths = entry.headers['x-death'];
  const death: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  const parkedAtMs = parkedAtOf(entry.headers)?.getTime();
  const planned = readMessage(plannedMessage, entry);
  const isNotice =
    entry.headers[LOW_PRIORITY_HEADER] === true && planned.ok && planned.value.source === NOTICE_SOURCE;
  const isOwn = entry.type === 'parked' || isNotice;
  if (typeof death !== 'object' || death === null || isOwn || parkedAtMs === undefined) return undefined;
  if (parkedAtMs < Date.now() - NEWS_MS) return undefined;
  const { reason, 'routing-keys': keys } = death as { reason?: unknown; 'routing-keys'?: unknown };
  const key: unknown = Array.isArray(keys) ? keys[0] : undefined;
  return {
    parkedAtMs,
    reason: typeof reason === 'string' ? reason : 'unknown',
    source: planned.ok ? planned.value.source : typeof key === 'string' ? sourceOfKey(key) : undefined,
  };
}
