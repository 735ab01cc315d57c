import type { HeardMessage } from '@wbor/amqp';
import {
  ALREADY_SENT_HEADER,
  echoEvent,
  type PostEvent,
  type Progress,
  postEventSchema,
  progressEvent,
  readMessage,
  toMessageId,
} from '@wbor/contracts';
import { z } from 'zod';
import { type LiveMessage, RECEIVED, stateOfProgress, stateOfResults } from './live-message.ts';
import { readReceived } from './read-received.ts';

export interface LiveBoard {
  /** Newest first. */
  readonly messages: readonly LiveMessage[];
  /** Takes a copy of what was published on the exchange. @returns the message that it changed. */
  hear(content: Buffer, heard: HeardMessage): Heard | undefined;
  /**
   * Puts in what the audit knows, where nothing newer was heard.
   *
   * @param stale messages of this board of which something may have been missed: their state is the audit's.
   */
  fill(messages: readonly LiveMessage[], stale?: ReadonlySet<LiveMessage>): void;
}

interface Heard {
  readonly message: LiveMessage;
  readonly isNew: boolean;
  /** The one that had to go for it. */
  readonly gone: LiveMessage | undefined;
}

/** So many are on the page. */
export const MAX_MESSAGES = 50;
const MAX_TEXT_LENGTH = 300;
/** As the relay cuts them. */
const MAX_NAME_LENGTH = 256;
/** GroupMe takes none that is longer. */
const MAX_POST_LENGTH = 1_000;
/** Echoes that came before the word of their post. */
const MAX_EARLY_ECHOES = 100;

/** The latest messages, and how far each is, by what is heard on the exchange. */
export function createLiveBoard(now: () => Date = () => new Date()): LiveBoard {
  /** Newest last. */
  const messages = new Map<string, LiveMessage>();
  /** Of a call without an answer the echo comes first: it is what settles the doubt. */
  const earlyEchoes: string[] = [];

  function put(heard: LiveMessage): Heard {
    const message = bounded(heard);
    const isNew = !messages.has(message.key);
    messages.set(message.key, message);
    if (messages.size <= MAX_MESSAGES) return { message, isNew, gone: undefined };
    const [oldest] = messages.values();
    if (oldest) messages.delete(oldest.key);
    return { message, isNew, gone: oldest };
  }

  /** By its id, or by that of the AMQP message that it was heard as. */
  function find(id: string, amqpId?: string): LiveMessage | undefined {
    const byAmqpId = amqpId === undefined ? undefined : messages.get(amqpKey(amqpId));
    return messages.get(id) ?? byAmqpId ?? [...messages.values()].findLast((message) => message.id === id);
  }

  function blank(key: string, id: string | undefined, source: string): LiveMessage {
    return {
      id,
      key,
      source,
      sender: undefined,
      senderName: undefined,
      text: '',
      at: now(),
      state: RECEIVED,
      results: new Map(),
      texts: new Map(),
      echoed: new Set(),
    };
  }

  function hearIncoming(
    content: Buffer,
    { headers, messageId, routingKey }: HeardMessage,
  ): Heard | undefined {
    if (headers[ALREADY_SENT_HEADER] === true) return undefined;
    const received = readReceived(content, routingKey);
    if (received === undefined) return undefined;
    const { id, source, ...more } = received;
    const key = id ?? (messageId === undefined ? undefined : amqpKey(messageId));
    // Without any name it cannot be known again.
    if (key === undefined || messages.has(key)) return undefined;
    return put({ ...blank(key, id, source ?? sourceOfKey(routingKey)), ...more });
  }

  function hearProgress(progress: Progress): Heard | undefined {
    const { amqp_message_id, sender, sender_name, source, text } = progress;
    const id = toMessageId(progress.wbor_message_id);
    if (id === undefined) return undefined;
    const known = find(id, amqp_message_id) ?? blank(id, id, source);
    return put({
      ...known,
      id,
      source,
      sender: known.sender ?? sender,
      senderName: known.senderName ?? sender_name,
      text: known.text || (text ?? ''),
      state: stateOfProgress(progress),
    });
  }

  function hearPost(event: PostEvent): Heard | undefined {
    const { part = 1 } = event;
    const id = toMessageId(event.wbor_message_id);
    if (id === undefined) return undefined;
    const text = cut(event.text ?? '', MAX_POST_LENGTH);
    const known = find(id) ?? blank(id, id, event.source);
    const result = {
      part,
      parts: event.parts ?? null,
      outcome: event.outcome ?? null,
      code: event.code,
      evidence: event.evidence ?? null,
    };
    const results = new Map(known.results).set(part, result);
    const early = event.outcome === 'delivered' && text !== '' ? earlyEchoes.indexOf(text) : -1;
    if (early >= 0) earlyEchoes.splice(early, 1);
    const echoed = early < 0 ? known.echoed : new Set(known.echoed).add(part);
    const changed = { ...known, results, echoed, texts: new Map(known.texts).set(part, text) };
    return put({
      ...changed,
      id,
      sender: known.sender ?? event.sender,
      senderName: known.senderName ?? event.sender_name,
      text: known.text || text,
      state: stateOfResults(changed),
    });
  }

  /** The oldest post with these words that no echo has shown yet. */
  function hearEcho(text: string): Heard | undefined {
    for (const message of messages.values()) {
      for (const [part, said] of message.texts) {
        if (said !== text || message.echoed.has(part) || said === '') continue;
        const changed = { ...message, echoed: new Set(message.echoed).add(part) };
        return put({ ...changed, state: stateOfResults(changed) });
      }
    }
    if (text !== '') earlyEchoes.push(text);
    if (earlyEchoes.length > MAX_EARLY_ECHOES) earlyEchoes.shift();
    return undefined;
  }

  return {
    get messages() {
      return [...messages.values()].reverse();
    },
    hear(content, heard) {
      switch (heard.routingKey) {
        case progressEvent.key: {
          const reading = readMessage(progressEvent, { content });
          return reading.ok ? hearProgress(reading.value) : undefined;
        }
        case 'source.groupme.msg': {
          const reading = readMessage({ schema: postEventSchema }, { content });
          return reading.ok ? hearPost(reading.value) : undefined;
        }
        case echoEvent.key:
          return hearEcho(cut(textOfEcho(content), MAX_POST_LENGTH));
        default:
          return isForTheChat(heard.routingKey) ? hearIncoming(content, heard) : undefined;
      }
    },
    fill(older, stale) {
      const heard = [...messages.values()];
      messages.clear();
      const ids = new Set(heard.map(({ id }) => id));
      for (const message of older.filter(({ id }) => !ids.has(id))) messages.set(message.key, message);
      const states = new Map(older.map(({ id, state }) => [id, state]));
      for (const message of heard) {
        const known = stale?.has(message) ? states.get(message.id) : undefined;
        put(known === undefined ? message : { ...message, state: known });
      }
    },
  };
}

const echoTextSchema = z.looseObject({ text: z.string() });

/** Of a station only what has changed is for the chat, and the relay says what that is. */
function isForTheChat(key: string): boolean {
  return /^source\.(?:standard(?:\.|$)|twilio\.sms\.incoming$|endec\.alert$)/.test(key);
}

/** `ups` of `source.standard.ups`. */
function sourceOfKey(key: string): string {
  const [, name = '', last] = key.split('.');
  return name === 'standard' ? (last ?? 'unknown') : name;
}

function amqpKey(messageId: string): string {
  return `amqp ${messageId}`;
}

function textOfEcho(content: Buffer): string {
  const reading = readMessage({ schema: echoTextSchema }, { content });
  return reading.ok ? reading.value.text : '';
}

/** What others have written is kept for a while, and rendered for all who watch: it must be short, and text. */
function bounded(message: LiveMessage): LiveMessage {
  const { sender, senderName, source, state, text } = message;
  return {
    ...message,
    source: cut(source, MAX_NAME_LENGTH),
    sender: sender === undefined ? undefined : cut(sender, MAX_NAME_LENGTH),
    senderName: senderName === undefined ? undefined : cut(senderName, MAX_NAME_LENGTH),
    text: cut(text, MAX_TEXT_LENGTH),
    state: { ...state, words: cut(state.words, MAX_TEXT_LENGTH) },
  };
}

/** Of half a character, and of one that is none, nothing can be encoded. */
function cut(text: string, maxLength: number): string {
  return text.slice(0, maxLength).toWellFormed();
}
