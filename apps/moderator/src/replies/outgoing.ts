import {
  type BodyOf,
  banEvent,
  banListMessage,
  type CommandEvent,
  commandEvent,
  commandReply,
  dashboardClear,
  type MessageDefinition,
} from '@wbor/contracts';
import { idFor } from '../ids.ts';
import type { CommandCall } from '../intake/read-command.ts';

/** All that the moderator publishes through its outbox. */
const definitions = [commandReply, commandEvent, banEvent, banListMessage, dashboardClear] as const;

/** What is stored is found again by its routing key; undefined for one that this version does not know. */
export function definitionOf(routingKey: string): MessageDefinition | undefined {
  return definitions.find(({ key }) => key === routingKey);
}

/**
 * A message that will be published, under the same AMQP id however often. Made by {@link outgoing}, which holds it to
 * its contract.
 */
export interface Outgoing {
  readonly messageId: string;
  readonly definition: (typeof definitions)[number];
  readonly body: unknown;
  /** Whether some queue must take it. */
  readonly mandatory: boolean;
}

export function outgoing<Definition extends Outgoing['definition']>(
  definition: Definition,
  body: BodyOf<Definition>,
  options: { readonly messageId: string; readonly mandatory: boolean },
): Outgoing {
  return { definition, body, ...options };
}

/** A message for the chat, which goes through the relay like everything else. */
export function chatMessage(messageId: string, text: string): Outgoing {
  const body = { body: text, source: 'command', format: 'plain', wbor_message_id: messageId } as const;
  return outgoing(commandReply, body, { messageId, mandatory: true });
}

/** The audit's event of a command. */
export function commandReport(
  call: CommandCall,
  result: CommandEvent['result'],
  reply: string,
  now: Date,
): Outgoing {
  const body: CommandEvent = {
    type: 'command',
    source: 'moderator',
    callback_id: call.callbackId,
    wbor_message_id: call.wborMessageId,
    command: call.command,
    argument: call.argument,
    caller_id: call.callerId,
    ...(call.callerName === undefined ? {} : { caller_name: call.callerName }),
    result,
    reply,
    at: now.toISOString(),
  };
  return outgoing(commandEvent, body, { messageId: idFor('command', call.callbackId), mandatory: true });
}
