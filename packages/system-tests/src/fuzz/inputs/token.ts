import { gunzipSync, inflateSync } from 'node:zlib';

// Everything that is sent carries a word of its own, so that what became of it can be found wherever it went. The
// word begins with letters that no hexadecimal digest has.

export const TOKEN = /(?:zq|gd)[0-9a-z]{6}/g;

/** Names an input that is hostile or careless. */
export const badToken = (index: number): string => `zq${index.toString(36).padStart(6, '0')}`;
/** Names a message that must be in the chat, once. */
export const goodToken = (index: number): string => `gd${index.toString(36).padStart(6, '0')}`;

export const isBadToken = (token: string): boolean => token.startsWith('zq');

/** The id of a message, of which the chat shows the beginning. */
export const idOf = (token: string): string => `${token}-1111-4222-8333-444455556666`;

/** All tokens in a text, each once. */
export function tokensIn(text: string): Set<string> {
  return new Set(text.match(TOKEN));
}

/** The same for bytes, whatever they are: compressed, in UTF-16, or broken. */
export function tokensInBytes(content: Buffer): Set<string> {
  const found = tokensIn(content.toString('latin1'));
  // Not `toString('utf16le')`: of a slice at an odd address it spoils the heap of Node 24.21, which aborts later.
  for (const token of tokensIn(new TextDecoder('utf-16le').decode(content))) found.add(token);
  for (const unpack of [gunzipSync, inflateSync]) {
    try {
      const text = unpack(content, { maxOutputLength: 2 ** 22 }).toString('latin1');
      for (const token of tokensIn(text)) found.add(token);
    } catch {
      // Not compressed that way, or broken.
    }
  }
  return found;
}
