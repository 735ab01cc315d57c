import { expect, test } from 'vitest';
import { type CpuProfile, packageOf, summariseProfile } from './summarise.ts';

const frame = (functionName: string, url = '', lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
  columnNumber: 0,
});

const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(idle)') },
    { id: 2, callFrame: frame('(garbage collector)') },
    { id: 3, callFrame: frame('write', 'node:internal/stream_base_commons') },
    { id: 4, callFrame: frame('publish', 'file:///x/dist/main.js', 7) },
    { id: 5, callFrame: frame('parse', 'file:///x/dist/main.js', 8) },
  ],
  samples: [1, 2, 3, 4, 5, 4],
  timeDeltas: [9_000, 1_000, 2_000, 3_000, 2_000, 2_000],
};

test('a share is of the time that was not idle, by where the code comes from', () => {
  const sources: Record<number, string> = { 7: '../../node_modules/amqplib/lib/channel.js' };
  expect(summariseProfile(PROFILE, (line) => sources[line])).toEqual([
    { where: 'amqplib', ms: 5, share: 0.5 },
    { where: 'node:stream_base_commons', ms: 2, share: 0.2 },
    { where: 'the app', ms: 2, share: 0.2 },
    { where: '(garbage collector)', ms: 1, share: 0.1 },
  ]);
});

test.each([
  ['../../../node_modules/.pnpm/zod@4.6.7/node_modules/zod/v4/core.js', 'zod'],
  ['../../node_modules/.pnpm/@fastify+x@1/node_modules/@fastify/x/index.js', '@fastify/x'],
  ['../../../packages/amqp/src/publisher.ts', '@wbor/amqp'],
  ['/repo/apps/relay/src/delivery/deliver.ts', 'relay/delivery'],
  ['/repo/apps/relay/src/outbox.ts', 'relay'],
  ['../src/delivery/deliver.ts', 'delivery'],
])('%s is of %s', (path, name) => {
  expect(packageOf(path)).toBe(name);
});
