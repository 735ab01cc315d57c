import { endecMessage, endecNotification, type ValueOf } from '@wbor/contracts';
import type { StationClock } from '@wbor/station-clock';
import { stationClock } from '../text/station-clock.ts';
import { defineSource, type SourceMessage } from './source.ts';

type Alert = ValueOf<typeof endecMessage>;

/** Tests and demonstrations: nobody need do anything. Every other event is an emergency, also one that is new to us. */
const TESTS: ReadonlySet<string> = new Set(['RWT', 'RMT', 'DMO', 'NPT']);

function read(alert: Alert, clock: StationClock = stationClock): SourceMessage {
  const header = /^\s*(ZCZC-[A-Z]{3}-([A-Z]{3})-\S.*?)\s*$/s.exec(alert.eas_data.raw_header ?? '');
  const event = alert.eas_data.event?.trim().toUpperCase() ?? header?.[2];
  // Without a header it is a line of the printer, not an alert.
  const isAlert = header !== null || (event !== undefined && /^[A-Z]{3}$/.test(event));
  const isTest = event !== undefined && TESTS.has(event);
  return {
    kind: 'message',
    source: 'endec',
    text: isAlert ? describe(alert, event, isTest, clock) : (alert.message_text ?? ''),
    format: 'plain',
    ...(isAlert ? { priority: isTest ? 'low' : 'urgent' } : {}),
    ...(header?.[1] === undefined ? {} : { eventId: header[1] }),
  };
}

function describe(
  { eas_data: header, message_text }: Alert,
  event: string | undefined,
  isTest: boolean,
  clock: StationClock,
): string {
  const name = header.event_name?.trim() ?? event ?? 'an alert of an unknown kind';
  const from = [header.sender?.trim(), header.org?.trim() ?? header.org_raw?.trim()].filter(Boolean);
  const facts = [
    `${isTest ? 'EAS test' : 'EMERGENCY ALERT'}: ${name}`,
    ...(header.locs.length > 0 ? [`For ${header.locs.map((place) => place.trim()).join('; ')}`] : []),
    ...inForce(header, clock),
    ...(from.length > 0 ? [`Sent by ${from[0]}${from[1] === undefined ? '' : ` (${from[1]})`}`] : []),
  ].join('\n');
  return message_text === undefined ? facts : `${facts}\n\n${message_text}`;
}

function inForce({ duration_minutes, start_utc }: Alert['eas_data'], clock: StationClock): string[] {
  if (start_utc === undefined) return duration_minutes ? [`In force for ${duration_minutes} minutes`] : [];
  const begin = clock.showTime(new Date(start_utc));
  if (!duration_minutes) return [`From ${begin}`];
  return [`From ${begin} until ${clock.showTime(new Date(start_utc + duration_minutes * 60_000))}`];
}

/** Alerts of the Sage ENDEC, from its webhook. */
export const endec = defineSource({
  key: endecMessage.key,
  schema: endecMessage.schema,
  read: (alert, _key, _raw, clock) => read(alert, clock),
});

/** The same over AMQP. */
export const endecOnAmqp = defineSource({
  key: endecNotification.key,
  schema: endecNotification.schema,
  read: (alert, _key, _raw, clock) => read(alert, clock),
});
