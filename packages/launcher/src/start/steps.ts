/** Where a person reads how the start goes on. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Steps {
  /** Runs a step and prints its name, its result and its time. */
  run<Value>(name: string, work: () => Promise<Value>, describe?: (value: Value) => string): Promise<Value>;
  heading(text: string): void;
  line(text?: string): void;
  note(text: string): void;
  good(text: string): void;
  bad(text: string): void;
}

export function createSteps(output: Output): Steps {
  const paint = (code: number, text: string): string =>
    output.isTTY === true && !process.env.NO_COLOR ? `\u001b[${code}m${text}\u001b[0m` : text;
  const line = (text = ''): void => {
    output.write(`${text}\n`);
  };
  return {
    async run(name, work, describe) {
      const startedAt = performance.now();
      output.write(`  ${name} … `);
      try {
        const value = await work();
        const detail = describe?.(value);
        const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
        line(`${paint(32, 'ok')} ${paint(2, `${seconds} s${detail ? `, ${detail}` : ''}`)}`);
        return value;
      } catch (error) {
        line(paint(31, 'failed'));
        throw error;
      }
    },
    heading(text) {
      line(`\n${paint(1, text)}`);
    },
    line,
    note: (text) => line(paint(2, text)),
    good: (text) => line(`${paint(32, '✓')} ${text}`),
    bad: (text) => line(`${paint(31, '✗')} ${text}`),
  };
}
