import { decodeBody, parseJson, type ReadFault } from '@wbor/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { scan } from 'secure-json-parse';
import { GatewayError } from '../errors.ts';
import { MAX_BODY_BYTES } from '../limits.ts';

/**
 * From now on bodies of this content type are read by the rule that holds for AMQP, too: charset and content encoding
 * count, and nothing is ever guessed or replaced. Fastify's own parser takes any bytes for UTF-8.
 */
export function addBodyParser(app: FastifyInstance, contentType: string): void {
  app.addContentTypeParser(
    contentType,
    { parseAs: 'buffer' },
    async (request: FastifyRequest, content: Buffer) => {
      const text = decodeBody(
        {
          content,
          contentType: request.headers['content-type'],
          contentEncoding: request.headers['content-encoding'],
        },
        MAX_BODY_BYTES,
      );
      if (!text.ok) throw toGatewayError(text.fault);
      const json = parseJson(text.value);
      if (!json.ok) throw toGatewayError(json.fault);
      refuseForbiddenKeys(json.value);
      return json.value;
    },
  );
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
