import { decodeBody, parseJson, type ReadFault, type ReadResult } from '@wbor/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { scan } from 'secure-json-parse';
import { GatewayError } from '../errors.ts';
import { parseForm } from '../form-body.ts';
import { MAX_BODY_BYTES } from '../limits.ts';

/** Makes a value of a body's text. `contentType` is what the caller says of it. */
export type ReadBody = (text: string, contentType: string) => ReadResult<unknown>;

/**
 * From now on bodies of this content type are read by the rule that holds for AMQP, too: charset and content encoding
 * count, and nothing is ever guessed or replaced. Fastify's own parser takes any bytes for UTF-8.
 */
export function addBodyParser(app: FastifyInstance, contentType: string, read: ReadBody = parseJson): void {
  app.addContentTypeParser(
    contentType,
    { parseAs: 'buffer' },
    async (request: FastifyRequest, content: Buffer) => {
      const declared = request.headers['content-type'];
      const text = decodeBody(
        { content, contentType: declared, contentEncoding: request.headers['content-encoding'] },
        MAX_BODY_BYTES,
      );
      if (!text.ok) throw toGatewayError(text.fault);
      const value = read(text.value, declared ?? '');
      if (!value.ok) throw toGatewayError(value.fault);
      refuseForbiddenKeys(value.value);
      return value.value;
    },
  );
}

/** JSON, also where the caller says that it is a form, as curl does unasked; else a form, where it says so. */
export const readJsonOrForm: ReadBody = (text, contentType) => {
  const json = parseJson(text);
  if (json.ok || !isForm(contentType) || isMeantAsJson(text, contentType)) return json;
  const form = parseForm(text);
  return form.ok ? { ok: true, value: Object.fromEntries(form.value) } : form;
};

/** The same, and whatever is neither, nor was meant to be, is a text. */
export const readAnything: ReadBody = (text, contentType) => {
  const read = readJsonOrForm(text, contentType);
  if (read.ok || read.fault.code !== 'invalid-json' || isMeantAsJson(text, contentType)) return read;
  return { ok: true, value: text };
};

/** Of a text nobody would find the fields: the caller would be told that all is well, and nothing be said. */
function isMeantAsJson(text: string, contentType: string): boolean {
  if (/\bjson\b/i.test(contentType)) return /^\s*[[{]/.test(text);
  // curl calls everything a form. A text may begin so, where somebody says that it is one.
  if (!/^\s*text\//i.test(contentType) && /^\s*\{/.test(text)) return true;
  try {
    // Nested too deep.
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function isForm(contentType: string): boolean {
  return /^\s*application\/x-www-form-urlencoded\b/i.test(contentType);
}

function toGatewayError({ code, message }: ReadFault): GatewayError {
  if (code === 'too-large') return new GatewayError(413, 'BODY_TOO_LARGE', message);
  if (code === 'unknown-encoding') return new GatewayError(415, 'UNSUPPORTED_MEDIA_TYPE', message);
  return new GatewayError(400, 'MALFORMED_JSON', message);
}

/** `__proto__` and the like, which only somebody sends who wants to break something. */
function refuseForbiddenKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  try {
    scan(value, { protoAction: 'error', constructorAction: 'error' });
  } catch {
    throw new GatewayError(400, 'MALFORMED_JSON', 'the body has a forbidden key');
  }
}
