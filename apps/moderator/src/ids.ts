import { v5 } from 'uuid';

const NAMESPACE = '6f1b8c52-6a0e-4d0b-9b53-0c2f5f0f7a11';

/** The same id for the same thing, so that what is published again is known as the same. */
export function idFor(
  kind: 'reply' | 'edited' | 'command' | 'ban' | 'list' | 'clear' | 'expired' | 'not-taken',
  name: string,
): string {
  return v5(`${kind}:${name}`, NAMESPACE);
}
