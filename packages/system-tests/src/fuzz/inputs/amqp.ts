import {
  auditParkedQueue,
  auditQueues,
  messageCatalogue,
  moderatorParkedQueue,
  moderatorQueues,
  plannedMessage,
  readMessage,
  relayParkedQueue,
  relayQueues,
} from '@wbor/contracts';
import fc from 'fast-check';
import { encoded } from './bytes.ts';
import { mutatedJson } from './json.ts';
import { idOf, tokensInBytes } from './token.ts';
import type { AmqpInput } from './types.ts';
import { oddProperties } from './wire.ts';

/** What an input of each contract looks like, and where it may be sent: under its own key and under its relatives'. */
const CONTRACTS = Object.entries(messageCatalogue).map(([name, definition]) => ({
  name,
  example: definition.example as object,
  // The relay under test hears the notifications of other programs there too.
  exchange: definition.exchange === 'default' ? ('default' as const) : ('source' as const),
  keys:
    'family' in definition && definition.exchange !== 'default'
      ? familyKeys(definition.key)
      : [definition.key],
}));

function familyKeys(key: string): readonly string[] {
  return [
    key,
    `${key}.ups`,
    `${key}.endec`,
    `${key}.a.b.c`,
    `${key}.`,
    `${key}.${'k'.repeat(150)}`,
    `${key}.\u00e9 \u{1f600}`,
  ];
}

/** Keys that no contract has, and bodies of one contract under the key of another. */
const STRANGE_KEYS = [
  'source.twilio',
  'source.twilio.sms.outgoing',
  'source.twilio.ban',
  'source.twilio.sms.incoming.late',
  'source.groupme.msg.more',
  'source.groupme.novelty',
  'source.standard.groupme',
  'source.standard.twilio',
  'source',
  '',
  '#',
  'source.standard.*',
] as const;

const QUEUES = [...relayQueues, ...auditQueues, ...moderatorQueues].map(({ name }) => name);
/** A message that expires there is gone by the wish of who put it there. */
const TERMINAL: readonly string[] = [relayParkedQueue.name, auditParkedQueue.name, moderatorParkedQueue.name];

const address = (own: { exchange: 'source' | 'default'; keys: readonly string[] }) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...own.keys).map((key) => ({ exchange: own.exchange, key })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...STRANGE_KEYS).map((key) => ({ exchange: 'source' as const, key })),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(...QUEUES).map((key) => ({ exchange: 'default' as const, key })),
    },
  );

/** A message of any contract, with changes to its body, its bytes, its properties and its headers. */
export function amqpInput(token: string): fc.Arbitrary<AmqpInput> {
  const forTheChat = CONTRACTS.filter(({ keys }) =>
    keys.some((key) => /^source\.(?:standard|twilio)/.test(key)),
  );
  return fc
    .oneof(fc.constantFrom(...CONTRACTS), fc.constantFrom(...forTheChat))
    .chain((contract) =>
      fc.record({
        contract: fc.constant(contract),
        json: mutatedJson(contract.example, token),
        to: address(contract),
        odd: oddProperties(token),
      }),
    )
    .chain((drawn) => encoded(drawn.json.text).map((bytes) => ({ ...drawn, bytes })))
    .map(({ contract, json, to, odd, bytes }) => {
      // Hollow, and with headers that name nothing, or with posts that do: nobody could say what became of it.
      const isTold =
        (odd.named || tokensInBytes(bytes.content).size > 0) && namesItsPosts(bytes.content, token);
      const content = isTold ? bytes.content : Buffer.from(json.text);
      const { expiration, ...others } = odd.properties;
      const mayExpire = expiration !== undefined && !TERMINAL.includes(to.key);
      // Two that hold nothing and have no id are one and the same to the audit, and of an SMS of nothing ids are all that is kept.
      const needsId = tokensInBytes(content).size === 0 || to.key.includes('sms');
      return {
        kind: 'amqp',
        token,
        what: [contract.name, json.changes, bytes.how, odd.how].filter((part) => part !== '').join('; '),
        ...to,
        content,
        properties: {
          contentType: `application/json${bytes.charset === undefined ? '' : `; charset=${bytes.charset}`}`,
          ...(bytes.contentEncoding === undefined ? {} : { contentEncoding: bytes.contentEncoding }),
          ...(needsId ? { messageId: idOf(token) } : {}),
          ...others,
          ...(mayExpire ? { expiration } : {}),
        },
      };
    });
}

/** The posts of a planned message are its own words: neither its headers nor its id come along. */
function namesItsPosts(content: Buffer, token: string): boolean {
  const planned = readMessage(plannedMessage, { content });
  return !planned.ok || planned.value.parts.every(({ text }) => text.includes(token));
}
