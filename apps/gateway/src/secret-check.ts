import { hash, timingSafeEqual } from 'node:crypto';
import type { Revealable } from './deps.ts';

/** Says whether a value that a caller sent is the secret. */
export type SecretCheck = (given: unknown) => boolean;

/**
 * Compares digests in constant time: they have the same length whatever was sent, and how long the
 * comparison takes tells nothing about the secret. Without a secret nothing is right.
 */
export function createSecretCheck(secret: Revealable | undefined): SecretCheck {
  if (!secret) return () => false;
  const expected = digest(secret.reveal());
  return (given) => typeof given === 'string' && timingSafeEqual(digest(given), expected);
}

function digest(value: string): Buffer {
  return hash('sha256', value, 'buffer');
}
