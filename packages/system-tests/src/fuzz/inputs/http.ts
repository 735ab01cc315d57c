import { callbackEvent, groupMeCallbackSchema, type sendRequestSchema } from '@wbor/contracts';
import fc from 'fast-check';
import { encoded } from './bytes.ts';
import { mutatedJson } from './json.ts';
import { type Call, callsOfPrograms, formOf, isSaid, type Programs, signatureOf } from './programs.ts';
import { idOf } from './token.ts';
import type { HttpInput } from './types.ts';

/** What the gateway serves, as its own OpenAPI document and the code say. */
export interface GatewayRoutes {
  readonly host: string;
  readonly password: string;
  /** The path of the callback, with its secret. */
  readonly callback: string;
  readonly groupId: string;
  /** Without it none of the calls of other programs is drawn. */
  readonly programs?: Programs;
  /** Every path that the document names, `/send` and the callback's among them. */
  readonly documented: readonly string[];
}

const METHODS = [
  'POST',
  'GET',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'post',
  'NONSENSE',
] as const;
const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-16',
  'application/vnd.api+json',
  'text/plain',
  'text/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  '',
  'a',
  `application/json; ${'p=1;'.repeat(900)}`,
] as const;
const MORE_HEADERS = [
  'X-Forwarded-For: 127.0.0.1, \u00ff',
  `X-Forwarded-For: ${'1.1.1.1,'.repeat(200)}`,
  'Host: \u00e9',
  'Accept: */*;q=NaN',
  'Prefer: wait=1e999',
  'Prefer: wait=0',
  'Idempotency-Key: \u0001',
  `Idempotency-Key: ${'k'.repeat(300)}`,
  'X-Deliver-By: soon',
  'X-GitHub-Event: push',
  'Expect: 100-continue',
  'Expect: nothing',
  'Connection: keep-alive, Upgrade\r\nUpgrade: websocket',
  'Range: bytes=-1',
  `X-Long: ${'x'.repeat(9_000)}`,
  `X-Longer: ${'x'.repeat(20_000)}`,
  Array.from({ length: 150 }, (_, index) => `X-${index}: y`).join('\r\n'),
  'Content-Length: 5',
  'Transfer-Encoding: gzip, chunked',
  'Origin: null',
  'traceparent: 00-junk',
] as const;

const target = (path: string) =>
  fc.oneof(
    { weight: 16, arbitrary: fc.constant(path) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(
          '/',
          '//',
          '?',
          '?a=1&a=2',
          '?__proto__=1',
          '%',
          '%00',
          '%2e%2e/',
          '/%zz',
          '#f',
          ';a',
          '\u00ff',
        )
        .map((tail) => path + tail),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '/',
        '*',
        '/reference/',
        '/openapi.json',
        '/reference/js/scalar.js',
        `/${'p'.repeat(3_000)}`,
        '/callback',
        '/callback/guess',
        '/hooks',
        '/hooks/guess',
        '/hooks/endec/guess',
        '/v3/bots/post',
        '/send/guess',
        'http://127.0.0.1/send',
        '/constructor',
      ),
    },
  );

const authorization = (password: string) =>
  fc.oneof(
    { weight: 16, arbitrary: fc.constant([`Authorization: Bearer ${password}`]) },
    {
      weight: 2,
      arbitrary: fc.constantFrom<string[]>(
        [],
        ['Authorization: Bearer'],
        ['Authorization: Bearer \u00ff'],
        [`Authorization: Basic ${password}`],
        [`authorization: bearer ${password}`, 'Authorization: Bearer x'],
      ),
    },
  );

/** A request to any route, of any method, with changes to path, headers and body. */
export function httpInput(routes: GatewayRoutes, token: string): fc.Arbitrary<HttpInput> {
  const send = {
    body: `${token} by HTTP`,
    source: 'web',
    wbor_message_id: idOf(token),
    images: ['http://127.0.0.1:9/a.png'],
  } satisfies ReturnType<typeof sendRequestSchema.parse>;
  const {
    source: _source,
    code: _code,
    type: _type,
    wbor_message_id: _id,
    ...example
  } = callbackEvent.example;
  const callback = groupMeCallbackSchema.parse({ ...example, group_id: routes.groupId });
  const documented = routes.documented.map((path) => path.replace(/\{.*?\}/, 'guess'));
  const call = fc.oneof<fc.MaybeWeightedArbitrary<Call>[]>(
    { weight: 8, arbitrary: fc.constant({ path: '/send', fields: send }) },
    { weight: 6, arbitrary: fc.constant({ path: routes.callback, fields: callback }) },
    ...(routes.programs === undefined
      ? []
      : [{ weight: 6, arbitrary: fc.constantFrom(...callsOfPrograms(routes.programs, token)) }]),
    { weight: 1, arbitrary: fc.constant({ path: `/send/${idOf(token)}`, fields: {}, method: 'GET' }) },
    { weight: 2, arbitrary: fc.constantFrom(...documented).map((path) => ({ path, fields: send })) },
  );
  return call
    .chain(({ path, fields, credentials, says, isForm = false, method = 'POST' }) =>
      fc.record({
        isForm: fc.constant(isForm),
        says: fc.constant(says),
        path: target(path),
        method: fc.oneof(
          { weight: 9, arbitrary: fc.constant(method) },
          { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
        ),
        json: mutatedJson(fields, token),
        contentType: fc.oneof(
          { weight: 12, arbitrary: fc.constant(undefined) },
          { weight: 2, arbitrary: fc.constantFrom(...CONTENT_TYPES) },
        ),
        more: fc.oneof(
          { weight: 10, arbitrary: fc.constant<string[]>([]) },
          { weight: 2, arbitrary: fc.subarray([...MORE_HEADERS], { minLength: 1, maxLength: 2 }) },
        ),
        credentials: credentials === undefined ? authorization(routes.password) : fc.constant(credentials),
        chunked: fc.oneof(
          { weight: 5, arbitrary: fc.constant(false) },
          { weight: 1, arbitrary: fc.constant(true) },
        ),
      }),
    )
    .chain((drawn) => {
      const form = drawn.isForm ? formOf(drawn.json.text) : undefined;
      const signed =
        form === undefined || routes.programs === undefined
          ? []
          : [`X-Twilio-Signature: ${signatureOf(form, drawn.path, routes.programs)}`];
      const text = form?.toString() ?? drawn.json.text;
      return encoded(text).map((bytes) => ({
        ...drawn,
        bytes,
        credentials: [...drawn.credentials, ...signed],
      }));
    })
    .map(({ path, method, json, contentType, more, credentials, chunked, bytes, isForm, says }) => {
      const charset = bytes.charset === undefined ? '' : `; charset=${bytes.charset}`;
      const head = [
        `${method} ${path} HTTP/1.1`,
        `Host: ${routes.host}`,
        'Connection: close',
        `Content-Type: ${contentType ?? `application/${isForm ? 'x-www-form-urlencoded' : 'json'}${charset}`}`,
        ...(bytes.contentEncoding === undefined ? [] : [`Content-Encoding: ${bytes.contentEncoding}`]),
        ...credentials,
        ...more,
        chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.content.length}`,
      ].join('\r\n');
      const content = chunked ? inChunks(bytes.content) : bytes.content;
      const shownPath = path
        .replace(routes.callback, '/callback/SECRET')
        .replace(/wbor_\w+/, 'TOKEN')
        .slice(0, 40);
      return {
        kind: 'http',
        token,
        what: [
          `${method} ${shownPath}`,
          json.changes,
          bytes.how,
          contentType ?? '',
          ...more.map((line) => line.slice(0, 40)),
        ]
          .filter((part) => part !== '')
          .join('; '),
        isSaid: contentType === undefined && bytes.how === 'UTF-8' && isSaid(says, json.text, token),
        request: Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), content]),
      };
    });
}

function inChunks(content: Buffer): Buffer {
  const last = Buffer.from('0\r\n\r\n');
  if (content.length === 0) return last;
  return Buffer.concat([
    Buffer.from(`${content.length.toString(16)}\r\n`),
    content,
    Buffer.from('\r\n'),
    last,
  ]);
}
