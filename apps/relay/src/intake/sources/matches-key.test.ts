import { expect, it } from 'vitest';
import { matchesKey } from './matches-key.ts';

it.each([
  ['source.twilio.#', 'source.twilio', true],
  ['source.twilio.#', 'source.twilio.sms.incoming', true],
  ['source.twilio.#', 'source.twilios', false],
  ['source.twilio.#', 'source', false],
  ['source.twilio.sms.incoming', 'source.twilio.sms.incoming', true],
  ['source.twilio.sms.incoming', 'source.twilio.sms', false],
  ['source.twilio.sms', 'source.twilio.sms.incoming', false],
  ['source.*.alert', 'source.weather.alert', true],
  ['source.*.alert', 'source.alert', false],
  ['#.alert', 'source.weather.alert', true],
  ['#.alert', 'alert', true],
  ['#.alert.#', 'source.alert.now', true],
  ['#.alert.#', 'source.weather', false],
  ['#', '', true],
  ['#', 'relay.standard', true],
])('%s takes %s: %s', (pattern, key, expected) => {
  expect(matchesKey(pattern, key)).toBe(expected);
});
