import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { deriveTopology, moderatorCallbacksQueue, queueName, relayQueues } from '@wbor/contracts';
import { callbackUrl, PASSWORD } from '@wbor/start-system';
import { freePort, startTcpProxy, waitFor } from '@wbor/testkit';
import { readMemoryMiB, watchProcesses } from '../measure/process-use.ts';
import { declareQueues } from '../queues.ts';
import type { Measured, Scenario, Variant } from '../types.ts';

const PER_SECOND = 50;
const TIMEOUT_MS = 120_000;

/** The broker is cut off while callbacks come, which are kept, and calls of `/send`, which are refused. */
const gateway: Variant = {
  name: 'gateway',
  async open(world) {
    const namespace = world.createNamespace();
    await declareQueues(world, deriveTopology([...relayQueues, moderatorCallbacksQueue], namespace));
    const proxy = await startTcpProxy({ target: world.servers.brokerUrl });
    world.releases.add(() => proxy.dispose());
    const channel = await world.openChannel();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const service = await world.spawnApp('gateway', {
      namespace,
      gatewayPort: port,
      brokerUrl: proxy.url(world.servers.brokerUrl),
      env: { SPOOL_FILE: join(world.folder, 'outage.sqlite'), RATE_LIMIT_SEND: '1000000' },
    });
    await service.waitUntilReady();
    const queue = queueName(moderatorCallbacksQueue, namespace);

    const call = async (to: string, body: object, headers: Record<string, string> = {}): Promise<number> => {
      const answer = await fetch(to, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      await answer.arrayBuffer();
      return answer.status;
    };
    const callBack = () => call(callbackUrl(url), callbackBody());
    const send = () => {
      const body = { source: 'bench', body: 'refused' };
      return call(`${url}/send`, body, { authorization: `Bearer ${PASSWORD}` });
    };

    return async (): Promise<Measured> => {
      const outageMs = world.size(300_000, 1_000);
      await callBack();
      const before = readMemoryMiB(service.pid, 'VmRSS') ?? Number.NaN;
      const stopWatching = watchProcesses({ service: service.pid });
      await proxy.cut();
      const statuses: Promise<number>[] = [];
      const endsAtMs = performance.now() + outageMs;
      while (performance.now() < endsAtMs) {
        statuses.push(callBack());
        statuses.push(send());
        await pause(2_000 / PER_SECOND);
      }
      const kept = (await Promise.all(statuses)).filter((status) => status === 200).length;
      const healedAtMs = performance.now();
      await proxy.heal();
      await waitFor(async () => (await channel.checkQueue(queue)).messageCount > kept, {
        what: `${kept} kept callbacks are published`,
        timeoutMs: TIMEOUT_MS,
        intervalMs: 50,
      });
      const drained = (performance.now() - healedAtMs) / 1_000;
      await pause(world.size(10_000, 200));
      const after = readMemoryMiB(service.pid, 'VmRSS') ?? Number.NaN;
      const processes = stopWatching();
      await channel.purgeQueue(queue);
      return { values: { kept, before, after, drained }, messages: kept, processes };
    };
  },
};

function callbackBody(): object {
  const id = randomUUID();
  return {
    attachments: [],
    created_at: Math.floor(Date.now() / 1_000),
    group_id: '90000001',
    id,
    name: 'Member',
    sender_id: '1',
    sender_type: 'user',
    source_guid: id,
    system: false,
    text: 'said while the broker is away',
    user_id: '1',
  };
}

export const outageMemory: Scenario = {
  name: 'outage-memory',
  summary: `five minutes without the broker, ${PER_SECOND / 2} callbacks and ${PER_SECOND / 2} calls of /send a second`,
  metrics: [
    { name: 'kept', unit: 'callbacks' },
    { name: 'before', unit: 'MiB' },
    { name: 'after', unit: 'MiB' },
    { name: 'drained', unit: 's' },
  ],
  ours: gateway,
  // Nothing that is bare outlives its broker.
  floors: [],
  maxRounds: 1,
};
