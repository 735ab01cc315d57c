import { type CountryCode, isSupportedCountry } from 'libphonenumber-js/min';
import { z } from 'zod';

/** The setting STATION_COUNTRY, which relay and moderator share: they must read a number alike. */
export function countrySetting() {
  return z
    .string()
    .transform((country) => country.toUpperCase())
    .pipe(
      z.custom<CountryCode>(
        (country) => typeof country === 'string' && isSupportedCountry(country),
        'must be a country in two letters, such as US',
      ),
    )
    .default('US')
    .describe(
      'Country of the station, two letters: numbers without a country code are of it. The same for relay and moderator.',
    );
}
