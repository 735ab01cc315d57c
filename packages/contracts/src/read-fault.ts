/** What is wrong with a body. The message never repeats the body: it holds other people's words. */
export interface ReadFault {
  readonly code:
    | 'invalid-utf8'
    | 'invalid-charset'
    | 'unknown-encoding'
    | 'invalid-encoding'
    | 'too-large'
    | 'invalid-json'
    | 'invalid-message';
  /** For people; short, whatever the body was. */
  readonly message: string;
}

export type ReadResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly fault: ReadFault };

export function readFault(code: ReadFault['code'], message: string): { ok: false; fault: ReadFault } {
  return { ok: false, fault: { code, message } };
}
