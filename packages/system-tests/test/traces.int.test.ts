import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { callbackUrl, PASSWORD } from '@wbor/start-system';
import { type HttpRecorder, serveJson, startHttpServer, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

const attributesSchema = z
  .array(z.object({ key: z.string(), value: z.looseObject({ stringValue: z.string().optional() }) }))
  .transform((list) => new Map(list.map(({ key, value }) => [key, value.stringValue])));

/** What of OTLP, as JSON over HTTP, a collector would look at first. */
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({
        attributes: attributesSchema,
      }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              name: z.string(),
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              attributes: attributesSchema.default(new Map()),
              links: z.array(z.object({ spanId: z.string() })).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
});

type ExportedSpan = z.infer<
  typeof exportSchema
>['resourceSpans'][number]['scopeSpans'][number]['spans'][number] & { readonly service: string | undefined };

const TEXT = 'nobody but the chat is to read this';
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

let collector: HttpRecorder;
let system: SystemUnderTest;

beforeAll(async () => {
  collector = await startHttpServer({ 'POST /v1/traces': serveJson({}) });
  system = await startSystemUnderTest({
    brokerUrl: inject('brokerUrl'),
    databaseUrl: inject('databaseUrl'),
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
    },
  });
});

afterAll(async () => {
  await system?.stop();
  await collector?.dispose();
});

function exportedSpans(): ExportedSpan[] {
  return collector.requests.flatMap(({ json }) =>
    exportSchema.parse(json).resourceSpans.flatMap(({ resource, scopeSpans }) => {
      const service = resource.attributes.get('service.name');
      return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
    }),
  );
}

/** The second piece comes when nothing of the request is under way any more. */
async function* inTwoPieces(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text.slice(0, 10));
  await pause(100);
  yield Buffer.from(text.slice(10));
}

it('one trace leads from the caller of /send to the audit row, and tells no secret', async () => {
  const messageId = randomUUID();
  const response = await fetch(`${system.gatewayUrl}/send`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${PASSWORD}`,
      'content-type': 'application/json',
      traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`,
      // Whatever a caller says, no baggage of it goes on.
      baggage: `secret=${TEXT.replaceAll(' ', '-')}`,
    },
    body: inTwoPieces(JSON.stringify({ source: 'ups', body: TEXT, wbor_message_id: messageId })),
    duplex: 'half',
  });
  expect(response.status).toBe(202);

  const ofTrace = () => exportedSpans().filter(({ traceId }) => traceId === CALLER.traceId);
  await waitFor(() => ofTrace().some(({ name }) => name === 'POST 127.0.0.1'), {
    what: 'the call of GroupMe',
  });
  // One that has other spans in it ends after them.
  const stored = await waitFor(
    () => ofTrace().find(({ name, service }) => service === 'audit-logger' && name.startsWith('process ')),
    { what: 'the span of the audit row' },
  );
  await waitFor(() => ofTrace().filter(({ name }) => name.startsWith('process ')).length >= 3, {
    what: 'the spans of all consumers',
  });
  // The event may have been stored together with that of the callback, which came first.
  const isOf = ({ links, name, parentSpanId }: ExportedSpan) =>
    name === 'store batch' && [parentSpanId, ...links.map(({ spanId }) => spanId)].includes(stored.spanId);
  await waitFor(() => exportedSpans().some(isOf), { what: 'the span of the batch' });

  const spans = ofTrace();
  const way: string[] = [];
  for (let span: ExportedSpan | undefined = stored; span; ) {
    way.unshift(`${span.service}: ${span.name}`);
    const { parentSpanId }: ExportedSpan = span;
    if (parentSpanId === CALLER.spanId) way.unshift('the caller');
    span = spans.find(({ spanId }) => spanId === parentSpanId);
  }
  const { exchange: _, queuePrefix: prefix } = system.namespace;
  expect(way).toEqual([
    'the caller',
    'gateway: POST /send',
    'gateway: send source.standard.ups',
    `relay: process ${prefix}relay.standard`,
    `relay: send ${prefix}relay.outbox`,
    `relay: process ${prefix}relay.outbox`,
    'relay: send source.groupme.msg',
    `audit-logger: process ${prefix}audit-logger.events`,
  ]);
  // What is done beside the way is part of it, too.
  const delivery = spans.find(({ name }) => name === `process ${prefix}relay.outbox`)?.spanId;
  const beside = spans.filter(({ parentSpanId }) => parentSpanId === delivery).map(({ name }) => name);
  expect(beside.sort()).toEqual(['POST 127.0.0.1', 'send source.groupme.msg', `send ${prefix}relay.journal`]);

  // Whoever has a message's id finds its trace, and whoever has a log line does.
  const named = spans.filter(({ attributes }) => attributes.get('wbor.message_id') === messageId);
  expect(named.map(({ name }) => name).sort()).toEqual([
    'POST /send',
    `process ${prefix}relay.outbox`,
    `process ${prefix}relay.standard`,
  ]);
  expect(system.service('relay').logs()).toContainEqual(
    expect.objectContaining({ trace_id: CALLER.traceId, wbor_message_id: messageId }),
  );

  // GroupMe calls back, at an address that is a secret.
  await waitFor(() => exportedSpans().some(({ name }) => name === 'POST /callback/:secret'), {
    what: 'the callback',
  });
  const exported = Buffer.concat(collector.requests.map(({ body }) => body)).toString();
  const secret = callbackUrl(system.gatewayUrl).split('/').at(-1) ?? '';
  const hidden = [TEXT, TEXT.replaceAll(' ', '-'), PASSWORD, secret, system.simulator.botId];
  expect(hidden.filter((text) => exported.includes(text))).toEqual([]);
});

it('a collector that is away is told of once, and messages go on', async () => {
  await collector.dispose();
  for (const body of ['the first', 'the second']) {
    await system.send('ups', body, randomUUID());
    await waitFor(() => system.posts().some((text) => text.includes(body)), { what: body });
    await pause(500);
  }
  const isWarning = ({ msg }: { msg?: unknown }) =>
    msg === 'traces do not reach their collector; they are dropped';
  await system.service('relay').waitForLog(isWarning);
  expect(system.service('relay').logs().filter(isWarning)).toHaveLength(1);
});
