import type { MessageDefinition, ValueOf } from './define.ts';

/** What is wrong with a body. The message never repeats the body: it holds other people's words. */
export interface ReadFault {
  readonly code: 'invalid-utf8' | 'invalid-json' | 'invalid-message';
  /** For people; short, whatever the body was. */
  readonly message: string;
}

export type ReadResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly fault: ReadFault };

/** What is read of a delivery. */
export interface Readable {
  readonly content: Uint8Array;
}

/** More faults than these make no message easier to mend. */
const MAX_FAULTS = 5;

/** Makes a delivery typed. A fault is the consumer's to act on: park it, store it as rejected, or ignore it. */
export function readMessage<Definition extends Pick<MessageDefinition, 'schema'>>(
  definition: Definition,
  delivery: Readable,
): ReadResult<ValueOf<Definition>> {
  const json = readJson(delivery);
  if (!json.ok) return json;
  const result = definition.schema.safeParse(json.value);
  if (result.success) return { ok: true, value: result.data as ValueOf<Definition> };
  return fault('invalid-message', describeIssues(result.error.issues));
}

/**
 * The same without a schema, for a consumer that keeps what departs from it. Strict about UTF-8, as all of us are: a
 * lenient reader would put U+FFFD in place of what somebody wrote, and nobody would ever know. A byte-order mark is
 * skipped.
 */
export function readJson({ content }: Readable): ReadResult<unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return fault('invalid-utf8', 'the body is not UTF-8');
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // The parser's own message quotes the body.
    return fault('invalid-json', 'the body is not JSON');
  }
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

function fault(code: ReadFault['code'], message: string): { ok: false; fault: ReadFault } {
  return { ok: false, fault: { code, message } };
}
