import type { Broker } from '@wbor/amqp';
import { plannedMessage, progressEvent } from '@wbor/contracts';
import { expect, it } from 'vitest';
import { createProgressTeller } from './progress.ts';

function listen(isEnabled: boolean) {
  const told: unknown[] = [];
  const publish: Broker['publish'] = async (definition, body, options) => {
    told.push({ key: definition.key, mandatory: options?.mandatory, body: progressEvent.schema.parse(body) });
    throw new Error('nobody must notice');
  };
  return { told, teller: createProgressTeller({ publish }, isEnabled) };
}
const planned = { ...plannedMessage.example, parts: [{ text: `"😀${'x'.repeat(400)}"` }, { text: 'more' }] };

it('tells each step, and that it fails is nobody’s trouble', async () => {
  const { teller, told } = listen(true);
  teller.planned(planned, { messageId: 'amqp-1' });
  teller.posting(planned, 2);
  teller.inDoubt(planned, 2);
  teller.parked({ wborMessageId: 'x', source: 'ups', reason: 'invalid-json' });
  expect(told).toMatchObject([
    {
      key: 'relay.progress',
      mandatory: false,
      body: { state: 'planned', parts: 2, amqp_message_id: 'amqp-1' },
    },
    { body: { state: 'posting', part: 2, parts: 2 } },
    { body: { state: 'in-doubt', part: 2 } },
    { body: { state: 'parked', reason: 'invalid-json' } },
  ]);
  expect((told[0] as { body: { text: string } }).body.text).toHaveLength(300);
});

it('tells nothing unless it is asked to', () => {
  const { teller, told } = listen(false);
  teller.planned(planned, { messageId: undefined });
  teller.posting(planned, 1);
  expect(told).toEqual([]);
});
