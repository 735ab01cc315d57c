import type { Session, SignInWay } from './session-store.ts';

/** Somebody whom a way of signing in has let in. */
export type Identity = Pick<Session, 'subject' | 'name' | 'role'> & { readonly way: SignInWay };

/** Names come from forms, providers and proxies. */
const MAX_NAME_LENGTH = 80;

/** One line without anything invisible, and never empty. */
export function cleanName(name: string, fallback: string): string {
  const line = name
    .toWellFormed()
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return Array.from(line).slice(0, MAX_NAME_LENGTH).join('') || fallback;
}
