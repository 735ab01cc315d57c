import type { z } from 'zod';
import { describeSettings } from './describe-settings.ts';

/** Names that an `.env.example` lists, commented out or not, in order. */
function listedNames(envExample: string): string[] {
  return [...envExample.matchAll(/^#?\s?([A-Z][A-Z0-9_]*)=/gm)].map((match) => String(match[1]));
}

/** What an `.env.example` lacks or has too much, for a test to expect empty. */
export function compareEnvExample(
  envExample: string,
  settings: z.ZodType,
): { missing: string[]; unknown: string[] } {
  const listed = listedNames(envExample);
  const known = describeSettings(settings).map((setting) => setting.name);
  return {
    missing: known.filter((name) => !listed.includes(name)),
    unknown: listed.filter((name) => !known.includes(name)),
  };
}
