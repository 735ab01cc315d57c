import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Revealable } from './deps.ts';
import type { FormFields } from './form-body.ts';

/**
 * Whether Twilio signed this call: HMAC-SHA1, base64, over the URL and the sorted fields, keyed by the account's token.
 *
 * @param url as Twilio was given it, which behind a proxy is not the one that we see.
 */
export function isSignedByTwilio(
  authToken: Revealable,
  call: { readonly url: string; readonly fields: FormFields; readonly signature: unknown },
): boolean {
  if (typeof call.signature !== 'string') return false;
  const given = Buffer.from(call.signature);
  return spellingsOf(call.url).some((url) => {
    const hmac = createHmac('sha1', authToken.reveal()).update(url + signedFields(call.fields));
    const expected = Buffer.from(hmac.digest('base64'));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Names in the order of their code units, each with its values, of which the same one counts once. */
function signedFields(fields: FormFields): string {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of fields) values.set(name, (values.get(name) ?? new Set()).add(value));
  return [...values.keys()]
    .sort()
    .map((name) =>
      [...(values.get(name) ?? [])]
        .sort()
        .map((value) => name + value)
        .join(''),
    )
    .join('');
}

/** Twilio signs some URLs with their port, though it is the usual one. */
function spellingsOf(url: string): string[] {
  const [, start = '', host = '', rest = ''] = /^(https?:\/\/)([^/?#]*)(.*)$/s.exec(url) ?? [];
  if (/:\d+$/.test(host)) return [url, start + host.replace(/:\d+$/, '') + rest];
  return [url, `${start}${host}:${start === 'https://' ? 443 : 80}${rest}`];
}
