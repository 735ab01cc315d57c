import { decodeBody, type EncodedBody } from './decode-body.ts';
import type { MessageDefinition, ValueOf } from './define.ts';
import { parseJson } from './parse-json.ts';
import { type ReadResult, readFault } from './read-fault.ts';

/** More faults than these make no message easier to mend. */
const MAX_FAULTS = 5;

/** Makes a delivery typed. A fault is the consumer's to act on: park it, store it as rejected, or ignore it. */
export function readMessage<Definition extends Pick<MessageDefinition, 'schema'>>(
  definition: Definition,
  delivery: EncodedBody,
): ReadResult<ValueOf<Definition>> {
  const json = readJson(delivery);
  return json.ok ? parseWith(definition, json.value) : json;
}

/** Holds a value against the schema of a message. */
export function parseWith<Definition extends Pick<MessageDefinition, 'schema'>>(
  definition: Definition,
  value: unknown,
): ReadResult<ValueOf<Definition>> {
  const result = definition.schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data as ValueOf<Definition> };
  return readFault('invalid-message', describeIssues(result.error.issues));
}

/** The same without a schema, for a consumer that keeps what departs from it. */
export function readJson(delivery: EncodedBody): ReadResult<unknown> {
  const text = decodeBody(delivery);
  return text.ok ? parseJson(text.value) : text;
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function describeIssues(issues: readonly Issue[]): string {
  const shown = issues.slice(0, MAX_FAULTS).map(({ code, message, path }) => {
    const field = path.map(String).join('.') || 'the body';
    // Names of unknown fields are the producer's words too.
    return code === 'unrecognized_keys' ? `${field}: has unknown fields` : `${field}: ${message}`;
  });
  const more = issues.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
