/** A port that cannot be listened on, said so that the reader knows which setting to change. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'LISTEN_FAILED';
}

/** Wraps what `listen()` threw. `setting` is the environment variable that chose the port. */
export function explainListenError(error: unknown, port: number, setting: string): ListenError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const reason =
    code === 'EADDRINUSE'
      ? `port ${port} is in use; stop what uses it or set ${setting} to another port`
      : code === 'EACCES'
        ? `port ${port} needs more rights; set ${setting} to one above 1023`
        : `cannot listen on port ${port} (${code ?? String(error)}); check ${setting}`;
  return new ListenError(reason, { cause: error });
}
