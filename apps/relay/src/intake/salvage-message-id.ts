import { MAX_INFLATED_BYTES, readIncoming, standardMessage } from '@wbor/contracts';
import type { RawMessage } from './parse-incoming.ts';

/** An id stands near the beginning or the end of nothing that is any longer. */
const SEARCHED_BYTES = 64 * 1024;

/** The id in a message that cannot be read as a whole, so that its producer hears which of its messages it was. */
export function salvageMessageId(message: Pick<RawMessage, 'content' | 'contentType' | 'contentEncoding'>) {
  if (message.content.length <= MAX_INFLATED_BYTES) {
    const reading = readIncoming(standardMessage, message);
    if (reading.ok) return reading.value.value.wbor_message_id;
  }
  const text = message.content.subarray(0, SEARCHED_BYTES).toString('latin1');
  const [, quoted, bare] =
    /"wbor_message_id"\s*:\s*(?:"([\x21\x23-\x5b\x5d-\x7e]{1,128})"|(\d{1,128}))/.exec(text) ?? [];
  return quoted ?? bare;
}
