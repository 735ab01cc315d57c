import { shownUid } from '@wbor/contracts';
import { firstWords } from '@wbor/message-text';

/** What people call a message, as the chat shows it. */
export function showUid(messageId: string): string {
  return shownUid(messageId);
}

const SHOWN_CHARACTERS = 40;

/** What a message says, unless it was kept out of the chat: then its words stay out, too. */
export function describeText(message: { readonly text: string | null; readonly blocked: boolean }): string {
  if (message.blocked) return '(blocked)';
  const words = firstWords(message.text, SHOWN_CHARACTERS);
  return words === '' ? '(no text)' : `“${words}”`;
}

export function plural(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : 's'}`;
}
