import { z } from 'zod';
import { shapeOf, toFlag, toList, toSecret } from './settings.ts';

/** A setting, as `--help`, `.env.example` and docs/configuration.md tell of it. */
export interface SettingDescription {
  readonly name: string;
  /** For people: `whole number, 0 to 65535`. */
  readonly type: string;
  readonly description: string;
  readonly default: string | undefined;
  readonly required: boolean;
  readonly secret: boolean;
}

/** The settings of a schema, in order. */
export function describeSettings(schema: z.ZodType): SettingDescription[] {
  return Object.entries(shapeOf(schema)).map(([name, field]) => {
    const parsed = z.safeParse(field, undefined);
    const value = parsed.success ? parsed.data : undefined;
    const parts = partsOf(field);
    return {
      name,
      type: typeOf(parts),
      description: field.description ?? '',
      default: value === undefined ? undefined : Array.isArray(value) ? value.join(',') : String(value),
      required: !parsed.success,
      secret: parts.includes(toSecret),
    };
  });
}

/** What a value goes through, in order. */
function partsOf(field: z.core.$ZodType): z.core.$ZodType[] {
  if (field instanceof z.ZodOptional || field instanceof z.ZodDefault) return partsOf(field.unwrap());
  if (field instanceof z.ZodPipe) return [...partsOf(field.in), ...partsOf(field.out)];
  return [field];
}

function typeOf(parts: readonly z.core.$ZodType[]): string {
  if (parts.includes(toFlag)) return '`true` or `false`';
  if (parts.includes(toList)) return 'list, separated by commas';
  for (const part of parts) {
    if (part instanceof z.ZodNumber) return describeNumber(part);
    if (part instanceof z.ZodEnum) return part.options.map((option) => `\`${option}\``).join(', ');
    if (part instanceof z.ZodURL) return 'http(s) address';
  }
  return 'text';
}

function describeNumber(schema: z.ZodNumber): string {
  const { exclusiveMinimum, maximum, minimum, type } = z.toJSONSchema(schema);
  const limits = [
    exclusiveMinimum === undefined ? undefined : `more than ${exclusiveMinimum}`,
    isLimit(minimum) ? (isLimit(maximum) ? `${minimum} to ${maximum}` : `at least ${minimum}`) : undefined,
    isLimit(maximum) && !isLimit(minimum) ? `at most ${maximum}` : undefined,
  ];
  return [
    type === 'integer' ? 'whole number' : 'number',
    ...limits.filter((limit) => limit !== undefined),
  ].join(', ');
}

/** zod says of a whole number that it is no larger than JavaScript can count. */
function isLimit(value: number | undefined): value is number {
  return value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}
