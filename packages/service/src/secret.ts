import { inspect } from 'node:util';

const SHOWN = '[secret]';

/** A value that does not show itself in logs, errors, JSON or the debugger; `reveal()` is for its one use. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
