import { upsNotification, type ValueOf } from '@wbor/contracts';
import { jsonrepair } from 'jsonrepair';
import { stationClock } from '../text/station-clock.ts';
import { defineSource, type Episode } from './source.ts';

type Notification = ValueOf<typeof upsNotification>;

/** What apcupsd tells of, in words for a notification that has none of its own. */
const EVENTS: Readonly<Record<string, string>> = {
  onbattery: 'is on battery power',
  offbattery: 'has mains power again',
  fifteen_minute_update: 'is still on battery power',
  fifteen: 'is still on battery power',
};

/** What the UPS of the studio tells, from the scripts of apcupsd. */
export const ups = defineSource({
  key: `${upsNotification.key}.#`,
  schema: upsNotification.schema,
  // The scripts put the JSON together from strings, so that a quote in a name breaks it.
  repair: (text) => jsonrepair(text),
  read(notification, routingKey, _raw, clock = stationClock) {
    const { data, hostname, timestamp_utc: atMs } = notification;
    const event = eventOf(notification, routingKey);
    const name = `UPS ${notification.ups_name ?? 'of unknown name'}`;
    const where = [
      ...(hostname === undefined ? [] : [`on ${hostname}`]),
      ...(atMs === undefined ? [] : [clock.showTime(new Date(atMs))]),
    ];
    const said = data.message ?? (event === undefined ? undefined : `${name} ${wordsFor(event)}.`);
    // With nothing said the figures alone would say nothing either: it is parked as empty.
    const lines =
      said === undefined
        ? []
        : [said, ...figures(data), ...(where.length > 0 ? [`${name}, ${where.join(', ')}`] : [])];
    const episode = episodeOf(notification, event, name);
    return {
      kind: 'message',
      source: 'ups',
      text: lines.join('\n'),
      format: 'plain',
      ...(episode === undefined ? {} : { episode }),
    };
  },
});

function eventOf({ event_type }: Notification, routingKey: string): string | undefined {
  return event_type?.trim().toLowerCase() ?? routingKey.split('.')[2];
}

function wordsFor(event: string): string {
  return EVENTS[event] ?? `says ${event}`;
}

function figures({ bcharge, timeleft }: Notification['data']): string[] {
  const charge = figure(bcharge, (percent) => `${percent}% charged`);
  const left = figure(timeleft, (minutes) => (minutes === 1 ? '1 minute left' : `${minutes} minutes left`));
  const known = [charge, left].filter((text) => text !== undefined);
  return known.length > 0 ? [`Battery: ${known.join(', ')}`] : [];
}

/** A figure as apcaccess gives it: `42.0 Minutes`. It says `Unavailable` when it cannot be asked. */
function figure(text: string | undefined, say: (value: number) => string): string | undefined {
  const [, digits] = /^\s*(\d{1,6}(?:\.\d+)?)/.exec(text ?? '') ?? [];
  return digits === undefined ? undefined : say(Math.round(Number(digits)));
}

function episodeOf(
  { hostname = '', timestamp_utc: atMs, ups_name = '' }: Notification,
  event: string | undefined,
  name: string,
): Episode | undefined {
  const id = `${hostname} ${ups_name}`;
  if (event === 'onbattery') return { id, phase: 'begin', atMs };
  if (event !== 'offbattery') return undefined;
  return { id, phase: 'end', atMs, fold: (length) => `${name} was on battery power for ${length}.` };
}
