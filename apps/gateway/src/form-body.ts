import type { ReadResult } from '@wbor/contracts';

/** Name and value of each field, in their order. */
export type FormFields = readonly (readonly [name: string, value: string])[];

/**
 * Reads `application/x-www-form-urlencoded`. A percent sign that begins no escape stands for itself, as careless scripts
 * write it; escaped bytes that are not UTF-8 are at fault, since nothing is ever replaced.
 */
export function parseForm(text: string): ReadResult<FormFields> {
  try {
    const pieces = text.split('&').filter((piece) => piece !== '');
    const fields = pieces.map((piece) => {
      const equals = piece.indexOf('=');
      return equals === -1
        ? ([unescapeForm(piece), ''] as const)
        : ([unescapeForm(piece.slice(0, equals)), unescapeForm(piece.slice(equals + 1))] as const);
    });
    return { ok: true, value: fields };
  } catch {
    return { ok: false, fault: { code: 'invalid-utf8', message: 'the form is not UTF-8' } };
  }
}

function unescapeForm(piece: string): string {
  return decodeURIComponent(piece.replaceAll('+', ' ').replace(/%(?![0-9a-f]{2})/gi, '%25'));
}
