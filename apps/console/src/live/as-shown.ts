import { type LiveMessage, RECEIVED } from './live-message.ts';

/**
 * The message with the words that everybody may see. Those of a banned sender are seen by nobody here unless they are in the chat
 * already: the relay says *blocked* only later, and while it is away not at all.
 *
 * @param isBanned undefined while nobody knows.
 */
export function asShown(
  message: LiveMessage,
  isBanned: (sender: string) => boolean | undefined,
): LiveMessage {
  const { sender, state } = message;
  if (state.words.startsWith('blocked')) return { ...message, text: '(blocked)' };
  if (sender === undefined || state.tone === 'good') return message;
  switch (isBanned(sender)) {
    case true:
      return { ...message, text: '(blocked)' };
    case false:
      return message;
    case undefined:
      return state.words === RECEIVED.words ? { ...message, text: '(not shown yet)' } : message;
  }
}
