import { createHash, randomBytes } from 'node:crypto';

const SALT_BYTES = 4;

/** RabbitMQ's name of how {@link hashPassword} hashes. */
export const HASHING_ALGORITHM = 'rabbit_password_hashing_sha256';

/** Hashes a password as RabbitMQ keeps it: four bytes of salt, then SHA-256 of salt and password, in base64. */
export function hashPassword(password: string, salt: Buffer = randomBytes(SALT_BYTES)): string {
  const digest = createHash('sha256').update(salt).update(password, 'utf8').digest();
  return Buffer.concat([salt, digest]).toString('base64');
}
