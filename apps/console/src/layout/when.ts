import type { StationClock } from '@wbor/station-clock';
import { type Html, html } from '../html.ts';

/** A moment on the clock of the station, with its year unless that is this one. */
export function when(at: Date, clock: StationClock, now = new Date()): Html {
  const time = clock.showTime(at);
  const [day, today] = [clock.showDay(at), clock.showDay(now)];
  const isThisYear = day.slice(-4) === today.slice(-4);
  const words = isThisYear ? time : `${day}, ${time.split(', ').at(-1)}`;
  return html`<time datetime=${at.toISOString()}>${words}</time>`;
}
