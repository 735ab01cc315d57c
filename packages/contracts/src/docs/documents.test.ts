import { readFile } from 'node:fs/promises';
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { headerDefinitions } from '../headers.ts';
import * as contracts from '../index.ts';
import { messages } from '../messages.ts';
import { replyExample, replySchema } from '../outbox.ts';
import { buildAsyncApi } from './asyncapi.ts';
import { bodySchema, queues, queuesOf } from './catalogue.ts';
import { describeFields } from './describe-fields.ts';
import { documents } from './documents.ts';

function exported(has: string): unknown[] {
  return Object.values(contracts).filter(
    (value) => typeof value === 'object' && value !== null && has in value,
  );
}

describe('the documents', () => {
  it.each(documents.map(({ path, render }) => [path.pathname.split('/').at(-1), path, render] as const))(
    '%s is made of the contracts as they are now',
    async (_name, path, render) => {
      const stale = 'it is stale: pnpm --filter @wbor/contracts docs:contracts';
      expect((await readFile(path, 'utf8')) === render(), stale).toBe(true);
    },
  );

  it('hold every message and every queue', () => {
    expect(exported('schema').filter((value) => !Object.values(messages).includes(value as never))).toEqual(
      [],
    );
    expect(exported('deliveryLimit').filter((value) => !queues.includes(value as never))).toEqual([]);
  });
});

describe('each message', () => {
  it.each(Object.entries(messages))('%s has an example that can be read', (_name, { example, schema }) => {
    expect(schema.safeParse(example)).toMatchObject({ success: true });
  });

  it.each(Object.entries(messages))('%s has only headers that are explained', (_name, { headers = [] }) => {
    expect(Object.keys(headerDefinitions)).toEqual(expect.arrayContaining([...headers]));
  });

  it.each(Object.entries(messages))('%s is taken by a queue or a listener', (_name, definition) => {
    expect(queuesOf(definition).length + (definition.listeners ?? []).length).toBeGreaterThan(0);
  });

  it('has a reply to it that can be read', () => {
    expect(replySchema.safeParse(replyExample)).toMatchObject({ success: true });
  });
});

describe('the AsyncAPI document', () => {
  const document = buildAsyncApi();

  it('is valid against the schema of AsyncAPI 3.0', () => {
    // It brings JSON Schema's own schema along, which ajv would know twice.
    const ajv = new Ajv({ meta: false, strict: false, validateFormats: false, allErrors: true });
    const validate = ajv.compile(specs.schemas['3.0.0'] as object);
    validate(document);
    expect(validate.errors).toBeNull();
    expect(validate({ ...document, channels: { broken: { address: 7 } } })).toBe(false);
  });

  it('points nowhere into nothing', () => {
    const text = JSON.stringify(document);
    const pointers = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer = '']) => pointer);
    expect(pointers.length).toBeGreaterThan(50);
    const missing = pointers.filter(
      (pointer) =>
        pointer
          .split('/')
          .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document) ===
        undefined,
    );
    expect(missing).toEqual([]);
  });
});

describe('a table of fields', () => {
  it('shows nested fields behind their list, and joins the variants of a union', () => {
    expect(describeFields(bodySchema(contracts.banListSchema)).map(({ name, type }) => [name, type])).toEqual(
      [
        ['version', 'integer'],
        ['bans', 'array of object'],
        ['bans[].sender', 'string'],
        ['bans[].until', 'date-time or null'],
      ],
    );
    const reply = describeFields(bodySchema(contracts.replySchema));
    expect(reply.map(({ name, required }) => [name, required])).toEqual([
      ['status', true],
      ['message_id', true],
      ['code', false],
      ['reason', false],
    ]);
    expect(reply[0]?.type).toBe('`"success"` or `"failed"`');
  });
});
