import type { WriteStream } from 'node:tty';

export interface Progress {
  /** What is done now: on a terminal in one line that changes, elsewhere a line each. */
  step(text: string): void;
  /** A line that stays. */
  tell(text: string): void;
  /** Nothing is done any more. */
  end(): void;
}

const CLEAR_LINE = '\r\u001b[K';

export function createProgress(
  out: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number },
  startedAtMs = performance.now(),
): Progress {
  const isTerminal = out.isTTY === true;
  const dim = (text: string) => (process.env.NO_COLOR ? text : `\u001b[2m${text}\u001b[0m`);
  const clear = isTerminal ? CLEAR_LINE : '';
  let last = '';
  const show = () => {
    if (isTerminal && last !== '') out.write(`${clear}${dim(last.slice(0, (out.columns ?? 80) - 1))}`);
  };
  return {
    step(text) {
      const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
      last = `${String(seconds).padStart(5)} s  ${text}`;
      if (isTerminal) show();
      else out.write(`${last}\n`);
    },
    tell(text) {
      out.write(`${clear}${text}\n`);
      show();
    },
    end() {
      out.write(clear);
      last = '';
    },
  };
}
