export { createStationClock, type StationClock } from './station-clock.ts';
export { timeZoneSetting } from './time-zone-setting.ts';
