import { queueName } from '@wbor/contracts';
import { startTcpProxy, waitFor } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';
import type { Broker, Delivery } from '../src/index.ts';
import { nobodysMessage, shared, sharedMessage, useBed, workMessage } from './broker-bed.ts';

const bed = useBed();

/** Publishes a message, and takes it in hand: whenever it is delivered, it is added. */
async function hold(broker: Broker): Promise<Delivery[]> {
  const held: Delivery[] = [];
  const { has } = await bed.collect(broker, (delivery) => held.push(delivery));
  await broker.publish(workMessage, 'in hand');
  await has(1);
  return held;
}

const countShared = async (): Promise<number> =>
  (await (await bed.openAdmin()).checkQueue(queueName(shared, bed.namespace))).messageCount;

describe('what is published while a message is held', () => {
  it('is stored, whatever else is published at the same time', async () => {
    const broker = await bed.connect();
    const [delivery] = await hold(broker);
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    await Promise.all(numbers.map((number) => delivery?.publishWhileHeld(sharedMessage, number)));
    expect(await countShared()).toBe(50);
    expect(delivery?.ack()).toBe(true);
  });

  it('is refused when no queue takes it, and the message is held still', async () => {
    const broker = await bed.connect();
    const [delivery] = await hold(broker);
    await expect(delivery?.publishWhileHeld(nobodysMessage, 1)).rejects.toMatchObject({ code: 'RETURNED' });
    expect(await delivery?.isHeld()).toBe(true);
  });

  it('is not stored when the message was given to somebody else, whose own is', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url));
    const held = await hold(broker);
    // As for a process that is frozen: what it says is on its way when the broker gives it up.
    proxy.stall();
    const published = held[0]?.publishWhileHeld(sharedMessage, 'of the first');
    await proxy.cut();
    await expect(published).rejects.toThrow();
    expect(held[0]?.signal.aborted).toBe(true);
    await proxy.heal();
    await waitFor(() => held.length === 2, { what: 'the message to come again' });
    await held[1]?.publishWhileHeld(sharedMessage, 'of the second');
    expect(await countShared()).toBe(1);
  });

  it('ends with the signal that the caller gives', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url), { confirmTimeoutMs: 200 });
    const [delivery] = await hold(broker);
    proxy.stall();
    const stop = AbortSignal.timeout(300);
    await expect(delivery?.publishWhileHeld(sharedMessage, 1, {}, stop)).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(delivery?.signal.aborted).toBe(false);
  });
});
