import { hash, timingSafeEqual } from 'node:crypto';
import type { Role } from './roles.ts';

/** @returns the role of whoever knows the password. */
export type PasswordSignIn = (given: string) => Role | undefined;

/** Compares digests: how long that takes tells nothing about the password. */
export function createPasswordSignIn(password: { reveal(): string }, role: Role): PasswordSignIn {
  const expected = hash('sha256', password.reveal(), 'buffer');
  return (given) => (timingSafeEqual(hash('sha256', given, 'buffer'), expected) ? role : undefined);
}
