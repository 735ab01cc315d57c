import { type Broker, PublishError } from '@wbor/amqp';
import { postEvent } from '@wbor/contracts';
import { createTestServiceContext } from '@wbor/service/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAuditEvents } from './audit-events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @param answers of the broker, one a try; confirmed from then on. */
function open(answers: readonly PublishError[]) {
  const ids: (string | undefined)[] = [];
  const { context, logged } = createTestServiceContext();
  const publishUntilConfirmed: Broker['publishUntilConfirmed'] = async (_definition, _body, options) => {
    ids.push(options?.messageId);
    const error = answers[ids.length - 1];
    if (error) throw error;
  };
  const audit = createAuditEvents({ publishUntilConfirmed } as Broker, context.logger);
  return { audit, ids, logged };
}

const returned = () => new PublishError('RETURNED', 'by the test');

it('tries an event again that no queue takes, under its id, and holds nobody up meanwhile', async () => {
  const { audit, ids, logged } = open([returned(), returned()]);
  await audit.post(postEvent.example, { messageId: 'call-1' });
  expect(ids).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ids).toEqual(['call-1', 'call-1', 'call-1']);
  expect(logged('not stored')).toEqual([]);
});

it('gives it up after two minutes, and says so once', async () => {
  const { audit, ids, logged } = open(Array.from({ length: 1_000 }, returned));
  await audit.post(postEvent.example, { messageId: 'call-1' });
  await vi.advanceTimersByTimeAsync(200_000);
  expect(ids.length).toBeLessThan(140);
  expect(logged('not stored')).toMatchObject([{ error: 'RETURNED', key: 'source.groupme.msg' }]);
});

it('does not repeat what can never be sent', async () => {
  const { audit, ids, logged } = open([new PublishError('INVALID', 'by the test')]);
  await audit.post(postEvent.example, { messageId: 'call-1' });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ids).toHaveLength(1);
  expect(logged('not stored')).toHaveLength(1);
});
