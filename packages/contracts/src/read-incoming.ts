import { z } from 'zod';
import type { EncodedBody } from './decode-body.ts';
import { isNone, isRepaired } from './lenient.ts';
import { parseJson } from './parse-json.ts';
import type { ReadResult } from './read-fault.ts';
import { parseWith, readJson } from './read-message.ts';

/** What a producer sent, read. */
export interface LenientReading<Value> {
  readonly value: Value;
  /** The message as it came. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** Names of the fields that were not as they should be, and were read or left out all the same. */
  readonly repaired: readonly string[];
}

/**
 * Reads a message of a producer as `readMessage` does, and takes another spelling of a field's name for the field where
 * that is missing: `Body`, `WBOR_MESSAGE_ID` and `wborMessageId` are plain enough. The message may be alone in a list, or JSON
 * of its own inside a text: some programs encode twice.
 */
export function readIncoming<Schema extends z.ZodType>(
  { schema }: { readonly schema: Schema },
  delivery: EncodedBody,
): ReadResult<LenientReading<z.output<Schema>>> {
  const json = readJson(delivery);
  if (!json.ok) return json;
  const shape = schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {};
  const message = unwrap(json.value);
  const raw = isObject(message) ? message : {};
  const renamed = findRenamed(raw, Object.keys(shape));
  const fields = isObject(message) ? { ...raw, ...renamed } : message;
  const parsed = parseWith({ schema }, fields);
  if (!parsed.ok) return parsed;
  const repaired = Object.entries(shape).flatMap(([name, field]) =>
    Object.hasOwn(renamed, name) || isRepaired(field, raw[name]) ? [name] : [],
  );
  return { ok: true, value: { value: parsed.value, raw, repaired } };
}

/** Nobody wraps a message more often in earnest. */
const MAX_WRAPPINGS = 3;

function unwrap(value: unknown, wrappings = 0): unknown {
  if (wrappings === MAX_WRAPPINGS) return value;
  if (Array.isArray(value) && value.length === 1) return unwrap(value[0], wrappings + 1);
  const json = typeof value === 'string' ? parseJson(value) : undefined;
  return json?.ok ? unwrap(json.value, wrappings + 1) : value;
}

/** The fields that are missing under their own names, from those that are there under others. */
function findRenamed(raw: Readonly<Record<string, unknown>>, names: readonly string[]) {
  const missing = new Map(
    names.filter((name) => isNone(raw[name])).map((name) => [bareName(name), name] as const),
  );
  const renamed: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(raw)) {
    const name = given.length <= MAX_NAME_LENGTH ? missing.get(bareName(given)) : undefined;
    if (name !== undefined && name !== given && !isNone(value)) renamed[name] ??= value;
  }
  return renamed;
}

/** No field of ours has a longer name, however it is spelled. */
const MAX_NAME_LENGTH = 64;

function bareName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
