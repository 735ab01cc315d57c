import { readFile } from 'node:fs/promises';
import { describeSettings } from '@wbor/service';
import { expect, it } from 'vitest';
import { serviceFacts, serviceNames } from '../services.ts';
import { configurationPage, renderConfigurationPage } from './configuration-page.ts';

it('is made of the settings as they are now', async () => {
  const stale = 'it is stale: pnpm --filter @wbor/doctor docs:configuration';
  expect((await readFile(configurationPage, 'utf8')) === renderConfigurationPage(), stale).toBe(true);
});

const settings = serviceNames.flatMap((service) =>
  describeSettings(serviceFacts[service].settings).map(
    (setting) => [service, setting.name, setting] as const,
  ),
);

it.each(settings)('tells of %s what %s means', (_service, name, { description }) => {
  expect(description).toMatch(/\w.*\.$/s);
  expect(renderConfigurationPage()).toContain(`| \`${name}\` |`);
});

it('knows types, limits and secrets', () => {
  const page = renderConfigurationPage();
  for (const cells of [
    '| `HEALTH_PORT` | whole number, 0 to 65535 | `2003` |',
    '| `GROUPME_BOT_ID` | text, **secret** | **required** |',
    '| `GROUPME_MAX_RATE_PER_SECOND` | number, more than 0, at most 100 | – |',
    '| `PARKED_NOTICE` | `true` or `false` | `true` |',
    '| `ACK_URL` | http(s) address | – |',
    '| `URGENT_SOURCES` | list, separated by commas | – |',
    '| `GROUPME_CALLBACK_SECRET` | text, **secret** | – |',
    '| `LOG_LEVEL` | `trace`, `debug`, `info`, `warn`, `error`, `fatal` | `info` |',
    '| `DATABASE_URL` | text, **secret** | **required** |',
  ]) {
    expect(page).toContain(cells);
  }
});
