import { queueName } from '@wbor/contracts';
import { publishRaw, startTcpProxy, waitFor } from '@wbor/testkit';
import type { ConfirmChannel } from 'amqplib';
import { beforeEach, describe, expect, it } from 'vitest';
import { useBed, work, workMessage } from './broker-bed.ts';

const bed = useBed();
let foreign: string;

beforeEach(() => {
  foreign = `${bed.namespace.exchange}.foreign`;
});

async function declareForeign(): Promise<ConfirmChannel> {
  const admin = await bed.openAdmin();
  await admin.assertExchange(foreign, 'topic', { durable: true });
  bed.onEnd(() => admin.deleteExchange(foreign));
  return admin;
}

describe('an exchange of others', () => {
  it('that is not there is said and waited for, is never made by us, and harms no consumer', async () => {
    const broker = await bed.connect();
    const collected = await bed.collect(broker);
    const queue = queueName(work, bed.namespace);
    const bindings = broker.bindToForeign({
      queue,
      exchange: foreign,
      patterns: ['notes.#'],
      bindEveryMs: 20,
    });
    bed.onEnd(() => bindings.stop());
    await waitFor(() => bindings.notice !== undefined, { what: 'the notice' });
    expect(bindings.notice).toMatch(/NOT_FOUND.*nothing that is published there is heard/);
    // The channel that consumes is another.
    await broker.publish(workMessage, 'ours');
    await collected.has(1);

    const admin = await declareForeign();
    await waitFor(() => bindings.notice === undefined, { what: 'the bindings' });
    await publishRaw(admin, foreign, 'notes.a', Buffer.from('"theirs"'));
    await publishRaw(admin, foreign, 'other.a', Buffer.from('"not for us"'));
    await publishRaw(admin, foreign, 'notes.b', Buffer.from('"theirs too"'));
    await collected.has(3);
    expect(collected.bodies).toEqual(['ours', 'theirs', 'theirs too']);
  });

  it('that is deleted and made again is bound again', async () => {
    const broker = await bed.connect();
    const collected = await bed.collect(broker);
    const admin = await declareForeign();
    const queue = queueName(work, bed.namespace);
    const bindings = broker.bindToForeign({
      queue,
      exchange: foreign,
      patterns: ['notes.#'],
      bindEveryMs: 20,
    });
    bed.onEnd(() => bindings.stop());
    const published = async (count: number) => {
      await waitFor(
        async () => {
          if (collected.bodies.length < count) await publishRaw(admin, foreign, 'notes.a', Buffer.from('1'));
          return collected.bodies.length >= count;
        },
        { what: `${count} messages` },
      );
    };
    await published(1);
    await admin.deleteExchange(foreign);
    await waitFor(() => bindings.notice !== undefined, { what: 'the notice' });
    await admin.assertExchange(foreign, 'topic', { durable: true });
    await published(collected.bodies.length + 1);
    await waitFor(() => bindings.notice === undefined, { what: 'no notice' });
  });

  it('is looked for at once when the connection is back', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url));
    const queue = queueName(work, bed.namespace);
    // No other try would come within the test.
    const bindings = broker.bindToForeign({
      queue,
      exchange: foreign,
      patterns: ['notes.#'],
      bindEveryMs: 3_600_000,
    });
    bed.onEnd(() => bindings.stop());
    await waitFor(() => bindings.notice !== undefined, { what: 'the notice' });
    await declareForeign();
    await proxy.cut();
    await proxy.heal();
    await waitFor(() => bindings.notice === undefined, { what: 'the bindings', timeoutMs: 20_000 });
  });
});
