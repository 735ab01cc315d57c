import type { z } from 'zod';
import { describeSettings } from './describe-settings.ts';

/** The text of `--help`: every setting with its default. */
export function formatHelp(service: { name: string; summary: string; settings: z.ZodType }): string {
  const lines = describeSettings(service.settings).map((setting) => {
    const note = setting.required
      ? ' (required)'
      : setting.default === undefined || setting.default === ''
        ? ''
        : ` (default ${setting.default})`;
    return `  ${setting.name.padEnd(30)} ${setting.description}${note}`;
  });
  return [
    `${service.name}: ${service.summary}`,
    '',
    'Settings, from the environment (NAME_FILE names a file that holds the value):',
    ...lines,
    '',
  ].join('\n');
}
