import { shownUid } from '@wbor/contracts';
import type { ParkedMessage } from '@wbor/parked';

/** Whether the chat, or a service's log, names the message like this: by its id of WBOR's, or the UID that is shown of it. */
export function isShownAs({ wborMessageId }: Pick<ParkedMessage, 'wborMessageId'>, typed: string): boolean {
  if (wborMessageId === undefined) return false;
  return wborMessageId === typed || shownUid(wborMessageId).toLowerCase() === typed.toLowerCase();
}
