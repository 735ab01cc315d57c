import { banRequest } from './ban-request.ts';
import type { MessageDefinition, MessageFamily } from './define.ts';
import { callbackEvent, echoEvent, imageEvent, postEvent, undisplayedEvent } from './groupme-events.ts';
import { alreadySentMessage, commandReply, standardMessage, twilioSmsMessage } from './incoming.ts';
import { callIntent } from './journal.ts';
import {
  banEvent,
  banListMessage,
  banListRequest,
  banListState,
  commandEvent,
  dashboardClear,
} from './moderation.ts';
import { plannedMessage } from './outbox.ts';
import { progressEvent } from './progress.ts';
import { smsBan, smsUnban } from './sms-commands.ts';
import {
  azuracastMessage,
  endecMessage,
  endecNotification,
  failsafeNotification,
  upsNotification,
} from './station-sources.ts';
import { stationStates } from './station-states.ts';

/** Every message, by the name under which the code exports it, in the order in which a reader meets them. */
export const messages: Readonly<Record<string, MessageDefinition>> = {
  twilioSmsMessage,
  standardMessage,
  alreadySentMessage,
  endecMessage,
  endecNotification,
  upsNotification,
  failsafeNotification,
  azuracastMessage,
  smsBan,
  smsUnban,
  commandReply,
  postEvent,
  imageEvent,
  undisplayedEvent,
  callbackEvent,
  echoEvent,
  commandEvent,
  banEvent,
  banListMessage,
  banListRequest,
  banListState,
  banRequest,
  dashboardClear,
  plannedMessage,
  callIntent,
  stationStates,
  progressEvent,
};

export function isFamily(definition: MessageDefinition): definition is MessageFamily {
  return 'family' in definition;
}
