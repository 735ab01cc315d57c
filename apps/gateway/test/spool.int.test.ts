import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Namespace } from '@wbor/contracts';
import {
  createNamespace,
  deleteNamespace,
  type ExchangeSpy,
  lastingPort,
  type ServiceProcess,
  spawnService,
  spyOnExchange,
  startTcpProxy,
  type TcpProxy,
  waitFor,
} from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { CALLBACK_SECRET, callbackBody } from './gateway-under-test.ts';

const brokerUrl = inject('brokerUrl');

/** The full measure takes minutes: SPOOL_TEST_CALLBACKS=10000 npm test -- apps/gateway/test/spool.int.test.ts */
const CALLBACKS = Number(process.env.SPOOL_TEST_CALLBACKS ?? 400);
const KILLS = 10;

let namespace: Namespace;
let folder: string;
let proxy: TcpProxy;
let spy: ExchangeSpy;
let port: number;
let gateway: ServiceProcess | undefined;

beforeEach(async () => {
  namespace = createNamespace();
  folder = mkdtempSync(join(tmpdir(), 'spool-'));
  port = await lastingPort();
  proxy = await startTcpProxy({ target: brokerUrl });
  spy = await spyOnExchange(brokerUrl, namespace.exchange, 'source.groupme.*');
});

afterEach(async () => {
  await gateway?.kill();
  await proxy.dispose();
  await spy.close();
  await deleteNamespace(brokerUrl, namespace);
  rmSync(folder, { recursive: true, force: true });
});

async function startGateway(): Promise<void> {
  const service = await spawnService({
    app: 'gateway',
    env: {
      RABBITMQ_URL: proxy.url(brokerUrl),
      RABBITMQ_EXCHANGE: namespace.exchange,
      QUEUE_PREFIX: namespace.queuePrefix,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(port),
      GROUPME_CALLBACK_SECRET: CALLBACK_SECRET,
      SPOOL_FILE: join(folder, 'spool.sqlite'),
      LOG_LEVEL: 'warn',
    },
  });
  gateway = service;
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
  await waitFor(answers, { what: 'the gateway answers' });
}

/** The status of the answer; undefined when there was none. */
async function callback(id: string, text = 'hello'): Promise<number | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/callback/${CALLBACK_SECRET}`, {
      method: 'POST',
      body: JSON.stringify(callbackBody({ id, text })),
    });
    await response.text();
    return response.status;
  } catch {
    return undefined;
  }
}

const idOf = ({ json }: { json: unknown }) => (json as { id: string }).id;

/** What arrived, a repetition under the same AMQP id left out: consumers leave it out, too. */
async function arrived(): Promise<{ ids: string[]; repeated: number }> {
  const seen = new Map<string, string>();
  const messages = await spy.waitForCount(0);
  for (const message of messages) seen.set(String(message.properties.messageId), idOf(message));
  return { ids: [...seen.values()], repeated: messages.length - seen.size };
}

it(
  'callbacks that come while the broker is away arrive once and in order, though the gateway is killed ten times',
  async () => {
    await proxy.cut();
    await startGateway();
    const ids = Array.from({ length: CALLBACKS }, (_, index) => `callback-${index}`);
    for (const [index, id] of ids.entries()) {
      const mustDie = index % Math.floor(CALLBACKS / KILLS) === 3;
      const answer = callback(id);
      if (mustDie) {
        // In the middle of it, so that nobody knows whether it was kept.
        await gateway?.kill();
        await startGateway();
      }
      // As GroupMe does not, and a proxy before us may: what has no answer is sent again.
      if ((await answer) !== 200) expect(await callback(id)).toBe(200);
    }
    expect((await arrived()).ids).toEqual([]);
    await proxy.heal();
    const all = async () => (await arrived()).ids.length === CALLBACKS;
    await waitFor(all, { what: 'all have arrived', timeoutMs: 300_000 });
    expect(await arrived()).toEqual({ ids, repeated: 0 });
    // And afterwards it is as if nothing had been.
    expect(await callback('later')).toBe(200);
    await waitFor(async () => (await arrived()).ids.length === CALLBACKS + 1, { what: 'the later one' });
  },
  CALLBACKS * 200 + 300_000,
);

it('a gateway that is killed while it empties the spool loses nothing, and repeats under the same id', async () => {
  await proxy.cut();
  await startGateway();
  const ids = Array.from({ length: 300 }, (_, index) => `callback-${index}`);
  for (const id of ids) expect(await callback(id)).toBe(200);
  await proxy.heal();
  await waitFor(async () => (await arrived()).ids.length > 0, { what: 'the first ones have arrived' });
  await gateway?.kill();
  await startGateway();
  await waitFor(async () => (await arrived()).ids.length === ids.length, { what: 'all have arrived' });
  expect((await arrived()).ids).toEqual(ids);
});

/** Only root may mount. */
const canMount = process.getuid?.() === 0 && process.platform === 'linux' && tryMount();

function tryMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'mount-'));
  try {
    return mount(probe, '1m') && unmount(probe);
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

function mount(at: string, size: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at]).status === 0;
}

function unmount(at: string): boolean {
  return spawnSync('umount', [at]).status === 0;
}

it.skipIf(!canMount)(
  'a full disk promises nothing, and all is well by itself once there is room or the broker is back (needs root, to mount a small disk)',
  async () => {
    expect(mount(folder, '16m')).toBe(true);
    const kept: string[] = [];
    let tried = 0;
    /** Whether it was promised. */
    const isKept = async () => {
      const id = `callback-${tried}`;
      tried += 1;
      const status = await callback(id, 'x'.repeat(100_000));
      if (status === 200) kept.push(id);
      else expect(status).toBe(503);
      return status === 200;
    };
    const fillUp = async () => {
      for (let refused = 0; refused < 5 && tried < 500; ) if (!(await isKept())) refused += 1;
    };
    try {
      // The disk is not ours alone.
      const others = join(folder, 'others');
      writeFileSync(others, Buffer.alloc(4 * 1024 * 1024, 1));
      await proxy.cut();
      await startGateway();
      await fillUp();
      expect(kept.length).toBeGreaterThan(10);
      // With room again it promises again, though the broker is still away.
      rmSync(others);
      await waitFor(isKept, { what: 'callbacks are kept again' });
      await fillUp();
      // Others use the last bytes, too.
      const filler = join(folder, 'filler');
      const fill = () => writeFileSync(filler, Buffer.alloc(4_096), { flag: 'a' });
      expect(() => {
        for (let page = 0; page < 10_000; page += 1) fill();
      }).toThrow(/ENOSPC/);
      expect(await callback('when-full', 'x'.repeat(100_000))).toBe(503);
      await proxy.heal();
      const all = async () => (await arrived()).ids.length >= kept.length;
      await waitFor(all, { what: 'all that was promised has arrived', timeoutMs: 60_000 });
      expect((await arrived()).ids).toEqual(kept);
      await waitFor(async () => (await callback('afterwards')) === 200, {
        what: 'callbacks are taken again',
      });
      rmSync(filler);
      await proxy.cut();
      await waitFor(async () => (await fetch(`${gateway?.healthUrl}/readyz`)).status === 503, {
        what: 'the gateway notices that the broker is away',
      });
      expect(await callback('in-the-next-outage', 'x'.repeat(100_000))).toBe(200);
      await proxy.heal();
      await waitFor(async () => (await arrived()).ids.length === kept.length + 2, {
        what: 'both have arrived',
      });
      expect((await arrived()).ids.slice(-2)).toEqual(['afterwards', 'in-the-next-outage']);
    } finally {
      await gateway?.kill();
      unmount(folder);
    }
  },
);
