/** Knows of a message that is half in the chat and in nobody's hands, and keeps others behind it. */
export interface HalfPosted {
  /** The message is half in the chat, and the broker is about to deliver it. */
  expect(messageId: string): void;
  /** Its turn has come, or it is finished: from here on the turn keeps others away. */
  resume(messageId: string): void;
  /** Whether another message than this one is expected. */
  isBehind(messageId: string): boolean;
  /** Waits until no other message than this one is expected; not for ever, since it may have been taken away. */
  yieldTo(messageId: string, signal: AbortSignal): Promise<void>;
}

/** The broker delivers it in the same moment as the first other message; a person may have removed it. */
const PATIENCE_MS = 5_000;

export function createHalfPosted(patienceMs = PATIENCE_MS): HalfPosted {
  let expected: { messageId: string; resumed: Promise<void>; resume: () => void } | undefined;
  return {
    expect(messageId) {
      if (expected?.messageId === messageId) return;
      expected?.resume();
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, patienceMs);
      const entry = { messageId, resumed: promise, resume: resolve };
      expected = entry;
      void promise.then(() => {
        clearTimeout(timer);
        if (expected === entry) expected = undefined;
      });
    },
    resume(messageId) {
      if (expected?.messageId === messageId) expected.resume();
    },
    isBehind: (messageId) => expected !== undefined && expected.messageId !== messageId,
    async yieldTo(messageId, signal) {
      while (expected && expected.messageId !== messageId && !signal.aborted) {
        const aborted = Promise.withResolvers<void>();
        const onAbort = (): void => aborted.resolve();
        signal.addEventListener('abort', onAbort, { once: true });
        await Promise.race([expected.resumed, aborted.promise]);
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
}
