const EVERY_MS = 250;

export interface Progress {
  add(table: string, rows: number): void;
  /** Takes the line away. */
  end(): void;
}

/** Says on a terminal how far it is, on one line; elsewhere nothing. */
export function createProgress(terminal: NodeJS.WriteStream): Progress {
  let total = 0;
  let shownAt = 0;
  const startedAt = performance.now();
  return {
    add(table, rows) {
      total += rows;
      const now = performance.now();
      if (terminal.isTTY !== true || now - shownAt < EVERY_MS) return;
      shownAt = now;
      const seconds = Math.round((now - startedAt) / 1000);
      terminal.write(`\r\u001b[K${total.toLocaleString('en-US')} rows, ${seconds} s (${table})`);
    },
    end() {
      if (terminal.isTTY === true && shownAt > 0) terminal.write('\r\u001b[K');
    },
  };
}
