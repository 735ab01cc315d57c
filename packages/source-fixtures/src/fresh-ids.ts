import { randomBytes, randomInt, randomUUID } from 'node:crypto';

/**
 * The same message as a new one: by their ids those of the station's programs are known, and a repeated one is not posted.
 * Replaced are UUIDs, Twilio's SIDs, and the day and time in the header of an alert.
 */
export function withFreshIds(text: string): string {
  const made = new Map<string, string>();
  const once = (make: () => string) => (old: string) => {
    const value = made.get(old) ?? make();
    made.set(old, value);
    return value;
  };
  return text
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, once(randomUUID))
    .replaceAll(/\b[SM]M0{16}[0-9a-f]{16}\b/g, (sid) =>
      once(() => sid.slice(0, 2) + randomBytes(16).toString('hex'))(sid),
    )
    .replaceAll(/(ZCZC-[^"+]*\+\d{4}-)\d{7}/g, (_header, before: string) => {
      const digits = (below: number, length: number) => String(randomInt(below)).padStart(length, '0');
      return before + digits(365, 3) + digits(24, 2) + digits(60, 2);
    });
}
