import type { HeardMessage } from '@wbor/amqp';
import {
  ALREADY_SENT_HEADER,
  echoEvent,
  type PostEvent,
  type Progress,
  postEventSchema,
  progressEvent,
  readMessage,
} from '@wbor/contracts';
import { type LiveMessage, RECEIVED, stateOfProgress, stateOfResults } from './live-message.ts';

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
/** Echoes that came before the word of their post. */
const MAX_EARLY_ECHOES = 100;

/** The latest messages, and how far each is, by what is heard on the exchange. */
export function createLiveBoard(now: () => Date = () => new Date()): LiveBoard {
  /** Newest last. */
  const messages = new Map<string, LiveMessage>();
  /** Of a call without an answer the echo comes first: it is what settles the doubt. */
  const earlyEchoes: string[] = [];

  function put(message: LiveMessage): Heard {
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
    const body = parseObject(content);
    const id = textOf(body?.wbor_message_id);
    const key = id ?? (messageId === undefined ? undefined : amqpKey(messageId));
    // Without any name it cannot be known again.
    if (body === undefined || key === undefined || messages.has(key)) return undefined;
    const said =
      textOf(body.Body) ?? textOf(body.body) ?? textOf(body.text) ?? textOf(body.message_text) ?? '';
    return put({
      ...blank(key, id, textOf(body.source) ?? sourceOfKey(routingKey)),
      sender: textOf(body.From),
      senderName: textOf(body.SenderName),
      text: Array.from(said).slice(0, MAX_TEXT_LENGTH).join(''),
    });
  }

  function hearProgress(progress: Progress): Heard {
    const { amqp_message_id, sender, sender_name, source, text, wbor_message_id: id } = progress;
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

  function hearPost(event: PostEvent): Heard {
    const { part = 1, text = '', wbor_message_id: id } = event;
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
          return hearEcho(textOf(parseObject(content)?.text) ?? '');
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

function parseObject(content: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(content.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
