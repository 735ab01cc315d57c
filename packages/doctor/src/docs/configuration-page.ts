import { describeSettings, type SettingDescription } from '@wbor/service';
import { type ServiceName, serviceFacts, serviceNames } from '../services.ts';

/** A setting, and the services that have it under this very description. */
interface Row extends SettingDescription {
  readonly services: readonly ServiceName[];
}

/** Where the page is. */
export const configurationPage = new URL('../../../../docs/configuration.md', import.meta.url);

/** `docs/configuration.md`: every setting of every service, as the services read them. */
export function renderConfigurationPage(): string {
  const rows = listRows();
  return [
    '# Configuration',
    '',
    'Made from `apps/*/src/config.ts` by `pnpm --filter @wbor/doctor docs:configuration`; a test fails when it is stale. Do not',
    'edit it.',
    '',
    'Settings come from the environment. An empty one counts as not set. `NAME_FILE` gives the content of a file for `NAME`, as secrets',
    'are mounted; both at once are refused. A secret never stands in a log or an error. For `compose.yaml`, which hands most of them on,',
    'copy [.env.example](../.env.example); each service has an `.env.example` of its own, too. `npm run doctor` checks them.',
    '',
    ...renderSection(
      'Of several services',
      rows.filter(({ services }) => services.length > 1),
      true,
    ),
    ...serviceNames.flatMap((service) =>
      renderSection(
        `Of the ${service}`,
        rows.filter(({ services }) => services.length === 1 && services[0] === service),
        false,
      ),
    ),
  ].join('\n');
}

/** Whatever differs between two services, be it a default or a word, is a row for each. */
function listRows(): Row[] {
  const rows = new Map<string, Row>();
  for (const service of serviceNames) {
    for (const setting of describeSettings(serviceFacts[service].settings)) {
      const key = JSON.stringify(setting);
      rows.set(key, { ...setting, services: [...(rows.get(key)?.services ?? []), service] });
    }
  }
  return [...rows.values()];
}

function renderSection(title: string, rows: readonly Row[], withServices: boolean): string[] {
  const heads = ['setting', 'type', 'default', 'meaning', ...(withServices ? ['services'] : [])];
  return [
    `## ${title}`,
    '',
    renderLine(heads),
    renderLine(heads.map(() => '---')),
    ...rows.map((row) =>
      renderLine([
        `\`${row.name}\``,
        row.secret ? `${row.type}, **secret**` : row.type,
        defaultOf(row),
        row.description,
        ...(withServices ? [nameServices(row.services)] : []),
      ]),
    ),
    '',
  ];
}

function defaultOf(setting: SettingDescription): string {
  if (setting.required) return '**required**';
  if (setting.default === undefined || setting.default === '') return '–';
  // A secret with a default has one that everybody knows; what is secret is not printed all the same.
  return setting.secret ? 'see `.env.example`' : `\`${setting.default}\``;
}

function nameServices(services: readonly ServiceName[]): string {
  return services.length === serviceNames.length ? 'all' : services.join(', ');
}

function renderLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '\\<')).join(' | ')} |`;
}
