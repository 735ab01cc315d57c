import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { postEvent, progressEvent } from '@wbor/contracts';
import { migrateToLatest } from '@wbor/database';
import { deployedNodeOptions } from '@wbor/start-system';
import {
  connectAmqp,
  createDatabase,
  createNamespace,
  deleteNamespace,
  freePort,
  publishRaw,
  spawnService,
  waitFor,
} from '@wbor/testkit';
import { expect, inject, it, onTestFinished } from 'vitest';
import { PASSWORD } from './test-bed.ts';

const appFolder = join(import.meta.dirname, '..');
const VIEWERS = 50;
const SECONDS = 6;
const A_SECOND = 20;
const MAX_BYTES = 200_000_000;

it('tells fifty who watch all of twenty messages a second, within 200 MB', async () => {
  const namespace = createNamespace();
  const brokerUrl = inject('brokerUrl');
  const database = await createDatabase(inject('databaseUrl'));
  await migrateToLatest({ connectionString: database.url });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // As the image runs it.
  const folder = await mkdtemp(join(tmpdir(), 'wbor-console-'));
  await promisify(execFile)('npm', ['run', 'build', '--', '--outdir', folder], { cwd: appFolder });
  const service = await spawnService({
    app: 'console',
    entry: join(folder, 'main.js'),
    env: {
      NODE_OPTIONS: deployedNodeOptions('console'),
      RABBITMQ_URL: brokerUrl,
      RABBITMQ_EXCHANGE: namespace.exchange,
      QUEUE_PREFIX: namespace.queuePrefix,
      DATABASE_URL: database.url,
      CONSOLE_HOST: '127.0.0.1',
      CONSOLE_PORT: String(port),
      CONSOLE_PASSWORD: PASSWORD,
    },
  });
  const end = new AbortController();
  const connection = await connectAmqp(brokerUrl);
  onTestFinished(async () => {
    end.abort();
    await service.kill();
    await rm(folder, { recursive: true });
    await connection.close();
    await database.drop();
    await deleteNamespace(brokerUrl, namespace);
  });
  await service.waitUntilReady();
  const signedIn = await fetch(`${url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ name: 'Ann', password: PASSWORD }),
  });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';

  /** Words of messages that a viewer was told to be in the chat. */
  async function watch(): Promise<Set<string>> {
    const seen = new Set<string>();
    const response = await fetch(`${url}/live`, { headers: { cookie }, signal: end.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const text = response.body?.pipeThrough(new TextDecoderStream());
    let rest = '';
    void text
      ?.pipeTo(
        new WritableStream({
          write(chunk) {
            const events = (rest + chunk).split('\n\n');
            rest = events.pop() ?? '';
            for (const event of events) {
              const words = /message number \d+ of many/.exec(event)?.[0];
              if (words !== undefined && event.includes('in the chat')) seen.add(words);
            }
          },
        }),
      )
      .catch(() => undefined);
    return seen;
  }

  const viewers = await Promise.all(Array.from({ length: VIEWERS }, watch));
  const channel = await connection.createConfirmChannel();
  const publish = (key: string, body: unknown) =>
    publishRaw(channel, namespace.exchange, key, Buffer.from(JSON.stringify(body))).catch(() => undefined);
  for (let number = 0; number < SECONDS * A_SECOND; number += 1) {
    const id = `live-${number}`;
    const text = `message number ${number} of many`;
    void publish(progressEvent.key, {
      ...progressEvent.example,
      wbor_message_id: id,
      state: 'planned',
      text,
    });
    void publish(progressEvent.key, { ...progressEvent.example, wbor_message_id: id });
    void publish(postEvent.key, { ...postEvent.example, wbor_message_id: id, text });
    await new Promise((resolve) => setTimeout(resolve, 1_000 / A_SECOND));
  }
  const wanted = SECONDS * A_SECOND;
  await waitFor(() => viewers.every((seen) => seen.size === wanted), {
    what: `each viewer to be told of all ${wanted} messages`,
    timeoutMs: 20_000,
  });
  const metrics = await (await fetch(`${service.healthUrl}/metrics`)).text();
  const bytes = Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
  console.log(`console: ${Math.round(bytes / 1_048_576)} MiB with ${VIEWERS} viewers`);
  expect(bytes).toBeGreaterThan(1_000_000);
  expect(bytes).toBeLessThan(MAX_BYTES);
});
