import { expect, it } from 'vitest';
import { salvageMessageId } from './salvage-message-id.ts';

it.each([
  ['{"wbor_message_id":"id-1","x":1}', 'id-1'],
  ['{"wbor_message_id":174000000000000123}', '174000000000000123'],
  ['{"wborMessageId":"id-1"}', 'id-1'],
  ['{"body":"cut off","wbor_message_id": "id-1","x', 'id-1'],
  ['{"wbor_message_id": 12, cut', '12'],
  ['[{"wbor_message_id":"id-1"}]', 'id-1'],
  [Buffer.from('{"body":"caf\xe9","wbor_message_id":"id-1"}', 'latin1'), 'id-1'],
  ['{"body":1}', undefined],
  ['{"wbor_message_id":"cut o', undefined],
  ['', undefined],
])('of %j the id is %j', (content, id) => {
  expect(salvageMessageId({ content: Buffer.from(content as string) })).toBe(id);
});
