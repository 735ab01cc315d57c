import {
  ALREADY_SENT_HEADER,
  alreadySentMessage,
  azuracastMessage,
  endecMessage,
  endecNotification,
  failsafeNotification,
  relayStandardQueue,
  relayTwilioQueue,
  standardMessage,
  twilioSmsMessage,
  upsNotification,
} from '@wbor/contracts';
import { planParts } from '@wbor/message-text';
import { chatPattern, isAmqp, readFixtures } from '@wbor/source-fixtures';
import { describe, expect, it } from 'vitest';
import { DEFAULT_NOTIFICATION_KEYS } from '../../config.ts';
import { parseIncoming } from '../parse-incoming.ts';
import { findSource, sourceBindings, sources } from './index.ts';
import { matchesKey } from './matches-key.ts';
import { standard } from './standard.ts';

/** What programs publish, one message each; two that are folded are not for the sources to read. */
const published = readFixtures().flatMap(({ chat, name, sends: [send, ...more] }) =>
  send !== undefined && isAmqp(send) && more.length === 0 ? [{ ...send, chat, name }] : [],
);

const documented = [
  twilioSmsMessage,
  standardMessage,
  endecMessage,
  endecNotification,
  upsNotification,
  failsafeNotification,
  azuracastMessage,
].map(({ key, example }) => ({ key, example, headers: {} }));
const alreadySentExample = {
  key: alreadySentMessage.key,
  example: alreadySentMessage.example,
  headers: { [ALREADY_SENT_HEADER]: true },
};

/** The texts of its posts, with every picture in GroupMe's hands. */
function textsOf({ body, key, properties }: (typeof published)[number]): string[] {
  const headers = properties.headers ?? {};
  const message = parseIncoming({ content: Buffer.from(body), routingKey: key, headers });
  if (message.kind !== 'message') return [];
  const { format, imageUrls, text, wborMessageId } = message;
  return planParts({ text, messageId: wborMessageId, format, pictureUrls: imageUrls }).flatMap(
    (part) => part.text || [],
  );
}

describe('the table of sources', () => {
  it.each(published)('makes of $name what the chat shows', (fixture) => {
    expect(textsOf(fixture)).toEqual(fixture.chat.map((text) => expect.stringMatching(chatPattern(text))));
  });

  it.each([...documented, alreadySentExample])(
    'reads the example that the contracts give of $key',
    ({ example, headers, key }) => {
      const content = Buffer.from(JSON.stringify(example));
      expect(parseIncoming({ content, routingKey: key, headers }).kind).toMatch(
        /^(?:message|status|already-sent)$/,
      );
    },
  );

  it('has an example of every source', () => {
    const taken = [...documented, alreadySentExample].map(({ headers, key }) => findSource(key, headers));
    expect(sources.filter((source) => !('ignored' in source) && !taken.includes(source))).toEqual([]);
  });

  it.each([...published, ...documented])('gets $key: one intake queue is bound to it, once', ({ key }) => {
    const bindings = [
      ...relayTwilioQueue.bindings,
      ...relayStandardQueue.bindings,
      ...sourceBindings,
      ...DEFAULT_NOTIFICATION_KEYS,
    ];
    expect(bindings.filter((pattern) => matchesKey(pattern, key))).toHaveLength(1);
  });

  it('reads what no source takes as a standard message', () => {
    expect(findSource('relay.standard', {})).toBe(standard);
  });
});
