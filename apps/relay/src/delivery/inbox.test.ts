import type { Delivery } from '@wbor/amqp';
import { describe, expect, it } from 'vitest';
import type { OutboxEntry } from '../outbox.ts';
import type { Clock } from './clock.ts';
import { createInbox, type HeldMessage } from './inbox.ts';

/** A clock that stands until it is moved. */
function createManualClock() {
  let nowMs = 0;
  const alarms: { atMs: number; callback: () => void }[] = [];
  const clock: Clock = {
    now: () => nowMs,
    epochMs: () => nowMs,
    alarm(atMs, callback) {
      alarms.push({ atMs, callback });
      return () => {};
    },
  };
  return {
    clock,
    moveTo(ms: number) {
      nowMs = ms;
      for (const { atMs, callback } of alarms) if (atMs <= ms) callback();
    },
  };
}

let channels = 0;

function createBed() {
  const { clock, moveTo } = createManualClock();
  const inbox = createInbox(clock);
  function openChannel() {
    channels += 1;
    const id = channels;
    const lost = new AbortController();
    return {
      lose: () => lost.abort(),
      offer(planId: string, source = 'x', lane: OutboxEntry['lane'] = 'normal'): Promise<void> {
        const planned = {
          wbor_message_id: planId,
          source,
          parts: [{ text: planId }],
          planned_at: 0,
          acknowledge: false,
        };
        const delivery = { channelId: id, signal: lost.signal } as Delivery;
        return inbox.offer({ lane, planned, planId, inDoubt: false }, delivery);
      },
    };
  }
  /** Lets each message through whose turn it is, and says in which order. */
  function through(): string[] {
    const order: string[] = [];
    for (let message = inbox.next(); message; message = inbox.next()) {
      order.push(message.planId);
      inbox.release(message, { tookTurn: true });
    }
    return order;
  }
  return { inbox, moveTo, openChannel, through };
}

describe('turns', () => {
  it('come to what is of low priority when nothing else is in hand, in its order', () => {
    const { openChannel, inbox, through } = createBed();
    const channel = openChannel();
    void channel.offer('low1', 'relay', 'low');
    void channel.offer('low2', 'relay', 'low');
    for (const id of ['a1', 'a2', 'b1']) void channel.offer(id, id[0]);
    // A source of this name is one like all others.
    void channel.offer('r1', 'relay');
    void channel.offer('urgent', 'a', 'urgent');
    expect(through()).toEqual(['urgent', 'a1', 'b1', 'r1', 'a2', 'low1', 'low2']);
    void channel.offer('low3', 'relay', 'low');
    expect(inbox.next()?.planId).toBe('low3');
    void channel.offer('a3', 'a');
    expect(through()).toEqual(['a3', 'low3']);
  });

  it('go round the sources, a message each, whatever waits', () => {
    const { openChannel, through } = createBed();
    const channel = openChannel();
    for (const id of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'c2']) void channel.offer(id, id[0]);
    expect(through()).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3', 'a4']);
  });

  it('are not used up by a message that ends without a call', () => {
    const { inbox, openChannel, through } = createBed();
    const channel = openChannel();
    for (const id of ['a1', 'a2', 'b1']) void channel.offer(id, id[0]);
    const expired = inbox.next() as HeldMessage;
    inbox.release(expired, { tookTurn: false });
    expect(through()).toEqual(['a2', 'b1']);
  });

  it('are urgent first, in their order, whatever their sources', () => {
    const { openChannel, through } = createBed();
    const channel = openChannel();
    void channel.offer('n', 'a');
    void channel.offer('u1', 'b', 'urgent');
    void channel.offer('u2', 'a', 'urgent');
    expect(through()).toEqual(['u1', 'u2', 'n']);
  });

  it('stay with a message that is begun', () => {
    const { inbox, openChannel } = createBed();
    const channel = openChannel();
    void channel.offer('begun', 'a');
    const begun = inbox.next() as HeldMessage;
    begun.begun = true;
    void channel.offer('u', 'b', 'urgent');
    expect(inbox.next()).toBe(begun);
    inbox.release(begun, { tookTurn: true });
    expect(inbox.next()?.planId).toBe('u');
  });
});

describe('a message that is expected', () => {
  it('comes first, and keeps all others waiting until it is there', () => {
    const { inbox, openChannel, through } = createBed();
    const channel = openChannel();
    inbox.expect('b');
    void channel.offer('u', 'x', 'urgent');
    expect(inbox.next()).toBeUndefined();
    void channel.offer('b', 'b');
    expect(through()).toEqual(['b', 'u']);
  });

  it('is not waited for any longer than some seconds', async () => {
    const { inbox, moveTo, openChannel } = createBed();
    const channel = openChannel();
    inbox.expect('gone');
    void channel.offer('a');
    expect(inbox.next()).toBeUndefined();
    const changed = inbox.changed(Number.POSITIVE_INFINITY);
    moveTo(5_000);
    await changed;
    expect(inbox.next()?.planId).toBe('a');
  });

  it('is waited for again when its queue comes later than the one of emergencies', () => {
    const { inbox, moveTo, openChannel, through } = createBed();
    const channel = openChannel();
    void channel.offer('u', 'x', 'urgent');
    inbox.expect('b');
    moveTo(5_000);
    expect(through()).toEqual(['u']);
    moveTo(60_000);
    void channel.offer('a');
    expect(inbox.next()).toBeUndefined();
    void channel.offer('b', 'b');
    void channel.offer('u2', 'x', 'urgent');
    expect(through()).toEqual(['b', 'u2', 'a']);
  });

  it('keeps nobody waiting once more when both queues were there, or long after', () => {
    const { inbox, moveTo, openChannel, through } = createBed();
    const channel = openChannel();
    void channel.offer('a');
    inbox.expect('gone');
    moveTo(5_000);
    expect(through()).toEqual(['a']);
    void channel.offer('a2');
    expect(through()).toEqual(['a2']);
    moveTo(10 * 60_000 + 1);
    void channel.offer('u', 'x', 'urgent');
    expect(through()).toEqual(['u']);
  });
});

describe('a channel', () => {
  it('that is lost gives up its messages first, and those of the next one stay', async () => {
    const { inbox, openChannel, through } = createBed();
    const first = openChannel();
    const offers = [first.offer('a1', 'a'), first.offer('a2', 'a')];
    first.lose();
    const second = openChannel();
    void second.offer('a1', 'a');
    expect(inbox.oldestHeldSinceMs).toBe(0);
    for (let count = 0; count < 2; count += 1) {
      const gone = inbox.next() as HeldMessage;
      expect(gone.delivery.signal.aborted).toBe(true);
      inbox.release(gone);
    }
    await Promise.all(offers);
    expect(through()).toEqual(['a1']);
  });

  it('that is lost already brings nothing', async () => {
    const { inbox, openChannel } = createBed();
    const channel = openChannel();
    channel.lose();
    await channel.offer('a');
    expect(inbox.next()).toBeUndefined();
  });
});

describe('an offer', () => {
  it('resolves when its message is released', async () => {
    const { inbox, openChannel } = createBed();
    const channel = openChannel();
    const done = channel.offer('a');
    inbox.release(inbox.next() as HeldMessage);
    await done;
  });

  it('ends with the inbox, and every later one at once', async () => {
    const { inbox, openChannel } = createBed();
    const channel = openChannel();
    const open = channel.offer('a');
    inbox.close();
    await open;
    await channel.offer('b');
    expect(inbox.next()).toBeUndefined();
  });
});
