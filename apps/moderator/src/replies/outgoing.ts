import { COMMAND_REPLY_KEY, type CommandEvent, commandEvent } from '@wbor/contracts';
import { idFor } from '../ids.ts';
import type { CommandCall } from '../intake/read-command.ts';

/** A message that will be published, under the same AMQP id however often. */
export interface Outgoing {
  readonly messageId: string;
  readonly routingKey: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether some queue must take it. */
  readonly mandatory: boolean;
}

/** A message for the chat, which goes through the relay like everything else. */
export function chatMessage(messageId: string, text: string): Outgoing {
  return {
    messageId,
    routingKey: COMMAND_REPLY_KEY,
    mandatory: true,
    body: { body: text, source: 'command', format: 'plain', wbor_message_id: messageId },
  };
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
  return {
    messageId: idFor('command', call.callbackId),
    routingKey: commandEvent.key,
    mandatory: true,
    body,
  };
}
