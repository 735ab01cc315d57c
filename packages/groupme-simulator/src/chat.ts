import { createHash } from 'node:crypto';
import { v4 } from 'uuid';
import type { Events } from './events.ts';
import type { Attachment, ChatMessage } from './types.ts';

export interface Group {
  readonly id: string;
  readonly name: string;
}

export interface Bot {
  readonly botId: string;
  readonly name: string;
  readonly groupId: string;
  callbackUrl: string | undefined;
}

export interface MemberMessage {
  readonly name: string;
  readonly text?: string | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
  /** Default: the first group. */
  readonly groupId?: string | undefined;
  /** A notice of GroupMe itself, such as "Kim has joined the group." */
  readonly system?: boolean | undefined;
}

/** Where a page of a group's messages lies: at most one of the three ids counts, in this order. */
interface PageRequest {
  readonly limit: number;
  readonly beforeId?: string | undefined;
  readonly afterId?: string | undefined;
  readonly sinceId?: string | undefined;
}

export interface Chat {
  readonly groups: readonly Group[];
  readonly bots: readonly Bot[];
  addFromBot(bot: Bot, text: string | undefined, attachments: readonly Attachment[]): ChatMessage;
  /** @throws RangeError for a group that does not exist. */
  addFromMember(message: MemberMessage): ChatMessage;
  /** Oldest first; of one group, or of all. The caller must not change it. */
  messages(groupId?: string): readonly ChatMessage[];
  /** Undefined for a group that does not exist. */
  page(groupId: string, request: PageRequest): ChatMessage[] | undefined;
  clear(): void;
}

export function createChat(options: {
  groups: readonly [Group, ...Group[]];
  bots: readonly Bot[];
  maxMessages: number;
  events: Events;
}): Chat {
  const { groups, bots, maxMessages, events } = options;
  const all: ChatMessage[] = [];
  const byGroup = new Map<string, ChatMessage[]>(groups.map((group) => [group.id, []]));
  let lastId = 0n;

  /** Milliseconds and five more digits: 18 in all, and rising even within a millisecond. */
  const nextId = (): string => {
    const now = BigInt(Date.now()) * 100_000n;
    lastId = now > lastId ? now : lastId + 1n;
    return String(lastId);
  };

  const add = (message: Omit<ChatMessage, 'id' | 'created_at' | 'user_id'>): ChatMessage => {
    const inGroup = byGroup.get(message.group_id);
    if (inGroup === undefined) throw new RangeError(`there is no group ${message.group_id}`);
    const added: ChatMessage = {
      id: nextId(),
      ...message,
      user_id: message.sender_id,
      created_at: Math.floor(Date.now() / 1000),
    };
    for (const list of [all, inGroup]) {
      list.push(added);
      // Trimmed by tenths: dropping one element from the front of a long array for each new one is slow.
      if (list.length > maxMessages * 1.1) list.splice(0, list.length - maxMessages);
    }
    events.emit({ type: 'message', message: added });
    return added;
  };

  return {
    groups,
    bots,
    addFromBot: (bot, text, attachments) =>
      add({
        group_id: bot.groupId,
        // A bot speaks under a user id of its own; its bot id is a credential and never shown.
        sender_id: makeUserId(`bot ${bot.botId}`),
        sender_type: 'bot',
        name: bot.name,
        avatar_url: null,
        text: text || null,
        source_guid: v4().replaceAll('-', ''),
        system: false,
        attachments,
      }),
    addFromMember: ({ name, text, attachments, groupId, system }) =>
      add({
        group_id: groupId ?? groups[0].id,
        sender_id: system ? 'system' : makeUserId(name),
        sender_type: system ? 'system' : 'user',
        name: system ? 'GroupMe' : name,
        avatar_url: null,
        text: text || null,
        source_guid: v4(),
        system: system ?? false,
        attachments: attachments ?? [],
      }),
    messages: (groupId) => (groupId === undefined ? all : (byGroup.get(groupId) ?? [])),
    page(groupId, { limit, beforeId, afterId, sinceId }) {
      const list = byGroup.get(groupId);
      if (list === undefined) return undefined;
      if (beforeId !== undefined) {
        const end = countUpTo(list, beforeId, false);
        return list.slice(Math.max(0, end - limit), end).reverse();
      }
      if (afterId !== undefined) {
        const start = countUpTo(list, afterId, true);
        return list.slice(start, start + limit);
      }
      const start = sinceId === undefined ? 0 : countUpTo(list, sinceId, true);
      return list.slice(Math.max(start, list.length - limit)).reverse();
    },
    clear() {
      all.length = 0;
      for (const list of byGroup.values()) list.length = 0;
    },
  };
}

/** The same person has the same id, from run to run. */
function makeUserId(name: string): string {
  return String(10_000_000 + (createHash('sha256').update(name).digest().readUInt32BE(0) % 90_000_000));
}

/** How many messages of a rising list lie before `id`, itself included or not. */
function countUpTo(list: readonly ChatMessage[], id: string, inclusive: boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareIds(list[middle]?.id ?? '', id);
    if (order < 0 || (inclusive && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareIds(a: string, b: string): number {
  const width = Math.max(a.length, b.length);
  const [left, right] = [a.padStart(width, '0'), b.padStart(width, '0')];
  return left < right ? -1 : left > right ? 1 : 0;
}
