import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Secret } from './secret.ts';

/** What is wrong with the environment: every fault at once, each naming its variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`${faults.length === 1 ? 'a setting is' : 'settings are'} wrong: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

const FLAG_WORDS = ['true', 'false', '1', '0', 'yes', 'no'] as const;

// What makes a text a setting of its kind. By these `describeSettings` knows the kinds again.
export const toSecret = z.transform((value: string) => new Secret(value));
export const toFlag = z.transform(
  (value: (typeof FLAG_WORDS)[number]) => value === 'true' || value === '1' || value === 'yes',
);
export const toList = z.transform((value: string) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** A setting whose value must not be printed; also taken from the file that `NAME_FILE` names. */
export function secret() {
  return z.string().min(1).pipe(toSecret);
}

/** `true` or `false`, as people write them. */
export function flag() {
  return z.enum(FLAG_WORDS, 'must be true or false').pipe(toFlag);
}

/** A number as it comes from the environment. */
export function number() {
  return z
    .string()
    .regex(/^-?\d+(\.\d+)?$/, 'must be a number')
    .transform(Number);
}

/** A TCP port. 0 asks for any free one. */
export function port() {
  return number().pipe(z.number().int('must be a whole number').min(0).max(65_535));
}

/** A comma-separated list; blanks are dropped. */
export function list() {
  return z.string().pipe(toList);
}

/**
 * Parses the environment. An empty variable counts as one that is not set: compose files and `.env` files
 * produce them. `NAME_FILE` gives the content of a file for NAME, as Docker secrets are mounted.
 *
 * @throws ConfigError naming every fault. Values are never repeated in it, since they may be secrets.
 */
export function parseConfig<Schema extends z.ZodType>(schema: Schema, env: Environment): z.infer<Schema> {
  const faults: string[] = [];
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '') values[name] = value.trim();
  }
  for (const [name, path] of Object.entries({ ...values })) {
    const target = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : '';
    if (!target || !settingNames(schema).includes(target)) continue;
    if (values[target] !== undefined) {
      faults.push(`${target} and ${name} are both set; keep one`);
      continue;
    }
    try {
      values[target] = readFileSync(path, 'utf8').trim();
    } catch {
      faults.push(`${name}: the file cannot be read`);
    }
  }
  const result = schema.safeParse(values);
  if (result.success && faults.length === 0) return result.data;
  for (const issue of result.error?.issues ?? []) {
    const name = issue.path.join('.');
    const missing = issue.code === 'invalid_type' && values[name] === undefined;
    const text = missing ? 'is not set' : issue.message;
    faults.push(name ? `${name} ${text}` : text);
  }
  throw new ConfigError(faults);
}

function settingNames(schema: z.ZodType): string[] {
  return Object.keys(shapeOf(schema));
}

/** The settings of a schema by name, in order. */
export function shapeOf(schema: z.ZodType): Record<string, z.ZodType> {
  if (!(schema instanceof z.ZodObject)) throw new TypeError('settings must be a zod object');
  return schema.shape as Record<string, z.ZodType>;
}
