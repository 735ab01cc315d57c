import type { JsonSchema } from './catalogue.ts';

/** A line of a message's table. */
export interface Field {
  /** Path in the body: `parts[].text`. */
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** Lists the fields of an object's schema, those of nested objects behind it. Variants are listed one after the other. */
export function describeFields(schema: JsonSchema, prefix = ''): Field[] {
  const variants = variantsOf(schema);
  if (variants.length > 0) return mergeVariants(variants.map((variant) => describeFields(variant, prefix)));
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, given]) => {
    const property = given as JsonSchema;
    const field = {
      name: `${prefix}${name}`,
      type: typeOf(property),
      required: required.has(name),
      description: property.description ?? '',
    };
    const items = itemsOf(property);
    return [field, ...(items ? describeFields(items, `${prefix}${name}[].`) : [])];
  });
  return joinNumbered(fields);
}

function variantsOf(schema: JsonSchema): JsonSchema[] {
  return ((schema.oneOf ?? schema.anyOf ?? []) as JsonSchema[]).filter(({ type }) => type !== 'null');
}

/** A field that not every variant has, or that differs, is not required; its types are joined. */
function mergeVariants(variants: readonly Field[][]): Field[] {
  const names = [...new Set(variants.flat().map(({ name }) => name))];
  return names.flatMap((name) => {
    const found = variants.flatMap((fields) => fields.filter((field) => field.name === name));
    const [first] = found;
    if (!first) return [];
    const types = [...new Set(found.map(({ type }) => type))];
    const required = found.length === variants.length && found.every((field) => field.required);
    return [{ ...first, type: types.join(' or '), required }];
  });
}

function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  const list = schema.type === 'array' ? schema : variantsOf(schema).find(({ type }) => type === 'array');
  return list?.items as JsonSchema | undefined;
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  const options = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (options) return options.map(typeOf).join(' or ');
  const types = ([] as (string | undefined)[]).concat(schema.type as string | string[] | undefined);
  return types
    .map((type) => {
      if (type === 'array')
        return `array of ${schema.items ? typeOf(schema.items as JsonSchema) : 'anything'}`;
      return type === 'string' && schema.format ? schema.format : (type ?? 'anything');
    })
    .join(' or ');
}

/** `MediaUrl0`, `MediaUrl1` … are one line. */
function joinNumbered(fields: readonly Field[]): Field[] {
  const joined: Field[] = [];
  for (const field of fields) {
    const [, stem, number] = /^(.*\D)(\d+)$/.exec(field.name) ?? [];
    const previous = joined.at(-1);
    if (stem === undefined || Number(number) === 0 || !previous?.name.startsWith(`${stem}0`))
      joined.push(field);
    else joined[joined.length - 1] = { ...previous, name: `${stem}0 … ${field.name}` };
  }
  return joined;
}
