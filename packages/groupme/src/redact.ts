const PLACEHOLDER = '[redacted]';

/**
 * Builds a function that takes the given secrets out of a text, also where they are percent-encoded.
 * Empty secrets are ignored.
 */
export function createRedactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const needles = [
    ...new Set(secrets.flatMap((secret) => (secret ? [secret, encodeURIComponent(secret)] : []))),
    // The longest first: of two secrets one may contain the other, and its rest must not stay behind.
  ].sort((a, b) => b.length - a.length);
  return (text) => needles.reduce((result, needle) => result.replaceAll(needle, PLACEHOLDER), text);
}
