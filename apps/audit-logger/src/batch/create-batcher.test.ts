import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBatcher, type WriteProgress } from './create-batcher.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A batcher whose writes are settled by the test, one after the other. */
function setUp() {
  const writes: {
    items: readonly number[];
    progress: WriteProgress<number>;
    succeed(): void;
    fail(): void;
  }[] = [];
  const setAside: [number, string][] = [];
  const acknowledged: number[] = [];
  const released: number[] = [];
  let failures = 0;
  const batcher = createBatcher<number, { signal: AbortSignal; ack(): boolean }>({
    maxItems: 3,
    maxBytes: 1000,
    sizeOf: (item) => item,
    maxDelayMs: 200,
    write: (items, progress) =>
      new Promise((resolve, reject) => {
        const fail = () => reject(new Error('Postgres is away'));
        writes.push({ items, progress, succeed: resolve, fail });
      }),
    setAside: async (item, _delivery, reason) => {
      setAside.push([item, reason]);
    },
    backOffMs: () => 1000,
    onWriteFailed: () => {
      failures += 1;
    },
  });
  function add(item: number, channel = new AbortController()): void {
    const delivery = { signal: channel.signal, ack: () => acknowledged.push(item) > 0 };
    void batcher.add(item, delivery).then(() => released.push(item));
  }
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { batcher, writes, setAside, acknowledged, released, add, settle, failures: () => failures };
}

describe('createBatcher', () => {
  it('writes a full batch at once and a partial one after its delay', async () => {
    const { add, writes, settle } = setUp();
    for (const item of [1, 2, 3]) add(item);
    await settle();
    expect(writes.map((write) => write.items)).toEqual([[1, 2, 3]]);
    writes[0]?.succeed();
    add(4);
    await vi.advanceTimersByTimeAsync(199);
    expect(writes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(writes[1]?.items).toEqual([4]);
  });

  it('ends a batch before it gets too large, and writes a larger item alone', async () => {
    const { add, writes, settle, acknowledged } = setUp();
    for (const item of [600, 400, 1, 5000, 2]) add(item);
    await settle();
    expect(writes.map((write) => write.items)).toEqual([[600, 400]]);
    writes[0]?.succeed();
    await settle();
    expect(writes[1]?.items).toEqual([1]);
    writes[1]?.succeed();
    await settle();
    expect(writes[2]?.items).toEqual([5000]);
    writes[2]?.succeed();
    await vi.advanceTimersByTimeAsync(200);
    expect(writes[3]?.items).toEqual([2]);
    expect(acknowledged).toEqual([600, 400, 1, 5000]);
  });

  it('acknowledges after the write, never before', async () => {
    const { add, writes, settle, acknowledged, released } = setUp();
    for (const item of [1, 2, 3]) add(item);
    await settle();
    expect(acknowledged).toEqual([]);
    writes[0]?.succeed();
    await settle();
    expect(acknowledged).toEqual([1, 2, 3]);
    expect(released).toEqual([1, 2, 3]);
  });

  it('runs one write at a time and collects the next batch meanwhile', async () => {
    const { add, writes, settle } = setUp();
    for (const item of [1, 2, 3, 4, 5, 6]) add(item);
    await vi.advanceTimersByTimeAsync(1000);
    expect(writes).toHaveLength(1);
    writes[0]?.succeed();
    await settle();
    expect(writes[1]?.items).toEqual([4, 5, 6]);
  });

  it('keeps a batch that could not be written and writes it again after the back-off', async () => {
    const { add, writes, settle, acknowledged, failures } = setUp();
    for (const item of [1, 2, 3]) add(item);
    await settle();
    writes[0]?.fail();
    await vi.advanceTimersByTimeAsync(999);
    expect(writes).toHaveLength(1);
    expect(failures()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(writes[1]?.items).toEqual([1, 2, 3]);
    writes[1]?.succeed();
    await settle();
    expect(acknowledged).toEqual([1, 2, 3]);
  });

  it('acknowledges what a write has stored before it failed, and writes the rest alone again', async () => {
    const { add, writes, settle, acknowledged, released } = setUp();
    for (const item of [1, 2, 3]) add(item);
    await settle();
    writes[0]?.progress.stored([1, 3]);
    await settle();
    expect([acknowledged, released]).toEqual([
      [1, 3],
      [1, 3],
    ]);
    writes[0]?.fail();
    await vi.advanceTimersByTimeAsync(1000);
    expect(writes[1]?.items).toEqual([2]);
    writes[1]?.succeed();
    await settle();
    expect(acknowledged).toEqual([1, 3, 2]);
  });

  it('leaves the acknowledgement of what is set aside to whoever takes it', async () => {
    const { add, writes, settle, setAside, acknowledged, released } = setUp();
    for (const item of [1, 2, 3]) add(item);
    await settle();
    await writes[0]?.progress.setAside(2, 'too odd');
    writes[0]?.succeed();
    await settle();
    expect(setAside).toEqual([[2, 'too odd']]);
    expect(acknowledged).toEqual([1, 3]);
    expect(released).toEqual([2, 1, 3]);
  });

  it('lets go of messages whose channel is gone, since the broker delivers them again', async () => {
    const { add, writes, settle, released, acknowledged } = setUp();
    const lost = new AbortController();
    for (const item of [1, 2]) add(item, lost);
    add(3);
    await settle();
    writes[0]?.fail();
    lost.abort();
    await vi.advanceTimersByTimeAsync(1000);
    expect(writes[1]?.items).toEqual([3]);
    expect(released).toEqual([1, 2]);
    expect(acknowledged).toEqual([]);
  });

  it('gives up everything unacknowledged on abandon, and works again afterwards', async () => {
    const { add, writes, settle, acknowledged, released, batcher } = setUp();
    for (const item of [1, 2, 3, 4]) add(item);
    await settle();
    writes[0]?.fail();
    await settle();
    await batcher.abandon();
    expect(released.toSorted()).toEqual([1, 2, 3, 4]);
    expect(acknowledged).toEqual([]);
    expect(batcher.oldestAtMs).toBeUndefined();

    for (const item of [5, 6, 7]) add(item);
    await settle();
    expect(writes[1]?.items).toEqual([5, 6, 7]);
  });

  it('gives up what arrives while it is giving up, too', async () => {
    const { add, writes, settle, released, batcher } = setUp();
    for (const item of [1, 2, 3]) add(item);
    await settle();
    const abandoning = batcher.abandon();
    add(4);
    writes[0]?.fail();
    await abandoning;
    await settle();
    expect(released.toSorted()).toEqual([1, 2, 3, 4]);
    expect(writes).toHaveLength(1);
  });

  it('drains at once, without waiting for a fuller batch', async () => {
    const { add, writes, settle, acknowledged, batcher } = setUp();
    add(1);
    await settle();
    const draining = batcher.drain(5000);
    await settle();
    expect(writes[0]?.items).toEqual([1]);
    writes[0]?.succeed();
    await draining;
    expect(acknowledged).toEqual([1]);
  });

  it('gives up what could not be drained in time', async () => {
    const { add, writes, settle, acknowledged, released, batcher } = setUp();
    add(1);
    const draining = batcher.drain(5000);
    await settle();
    writes[0]?.fail();
    await vi.advanceTimersByTimeAsync(5000);
    await draining;
    await settle();
    expect(acknowledged).toEqual([]);
    expect(released).toEqual([1]);
  });
});
