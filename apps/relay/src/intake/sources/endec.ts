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
  examples: [
    {
      key: 'source.endec.alert',
      body: {
        message_text: 'The National Weather Service in Gray has issued a Tornado Warning.',
        eas_data: {
          org_raw: 'WXR',
          org: 'National Weather Service',
          event: 'TOR',
          event_name: 'Tornado Warning',
          locs: ['Cumberland, ME', 'Sagadahoc, ME'],
          raw_locs: ['023005', '023023'],
          duration_minutes: 30,
          duration_raw: '0030',
          start_utc: '2025-06-01T19:20Z',
          timestamp_raw: '1521920',
          timestamp_local: '2025-06-01T15:20-04:00',
          sender: 'KGYX/NWS',
          raw_header: 'ZCZC-WXR-TOR-023005-023023+0030-1521920-KGYX/NWS-',
        },
      },
      becomes: {
        kind: 'message',
        source: 'endec',
        text: [
          'EMERGENCY ALERT: Tornado Warning',
          'For Cumberland, ME; Sagadahoc, ME',
          'From Jun 1, 3:20 PM until Jun 1, 3:50 PM',
          'Sent by KGYX/NWS (National Weather Service)',
          '',
          'The National Weather Service in Gray has issued a Tornado Warning.',
        ].join('\n'),
        format: 'plain',
        priority: 'urgent',
        eventId: 'ZCZC-WXR-TOR-023005-023023+0030-1521920-KGYX/NWS-',
      },
    },
    {
      key: 'source.endec.alert',
      body: { message_text: 'A line of the printer.', eas_data: {} },
      becomes: { kind: 'message', source: 'endec', text: 'A line of the printer.', format: 'plain' },
    },
  ],
});

/** The same over AMQP. */
export const endecOnAmqp = defineSource({
  key: endecNotification.key,
  schema: endecNotification.schema,
  read: (alert, _key, _raw, clock) => read(alert, clock),
  examples: [
    {
      key: 'notification.wbor-endec',
      body: {
        source: 'wbor-endec',
        timestamp_processed_utc: '2025-06-01T19:20:07Z',
        message_text: 'This is a Required Weekly Test.',
        eas_data: {
          org_raw: 'EAS',
          org: 'EAS Participant',
          event: 'RWT',
          event_name: 'Required Weekly Test',
          locs: ['Cumberland, ME'],
          raw_locs: ['023005'],
          duration_minutes: 15,
          start_utc: '2025-06-01T19:20Z',
          sender: 'WBOR    ',
          raw_header: 'ZCZC-EAS-RWT-023005+0015-1521920-WBOR    -',
        },
      },
      becomes: {
        kind: 'message',
        source: 'endec',
        text: [
          'EAS test: Required Weekly Test',
          'For Cumberland, ME',
          'From Jun 1, 3:20 PM until Jun 1, 3:35 PM',
          'Sent by WBOR (EAS Participant)',
          '',
          'This is a Required Weekly Test.',
        ].join('\n'),
        format: 'plain',
        priority: 'low',
        eventId: 'ZCZC-EAS-RWT-023005+0015-1521920-WBOR    -',
      },
    },
    {
      key: 'notification.wbor-endec',
      body: {
        source: 'wbor-endec',
        message_text: 'No header came with this.',
        eas_data: { event_name: 'Plain Text Message', raw_header: 'Not found' },
      },
      becomes: { kind: 'message', source: 'endec', text: 'No header came with this.', format: 'plain' },
    },
  ],
});
