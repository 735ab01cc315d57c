import type { Episode } from './sources/source.ts';
import { lengthInWords } from './text/length-in-words.ts';

/** Keeps the beginning of an episode back for a moment, in case that its end comes. */
export interface Episodes {
  /**
   * Waits for the end of what has begun. Whatever ends the wait, `settle` must be called once where somebody waits for what
   * `close` returns.
   */
  open(source: string, episode: Episode, arrivedAtMs: number, lost: AbortSignal): Opening;
  /**
   * Ends what has begun, when that is kept back and the two belong together.
   *
   * @returns whether the beginning, with the text for both, was stored; undefined when there is nothing to fold.
   */
  close(source: string, episode: Episode, arrivedAtMs: number): Promise<boolean> | undefined;
  /** Whether the beginning of this one is kept back now. */
  isOpen(source: string, id: string): boolean;
  /** Tells now what is kept back of a source. */
  giveUp(source: string): void;
  /** Keeps nothing back any more. */
  release(): void;
}

/** What beginning and end are together. */
export interface Folded {
  readonly text: string;
  /** When it ended, epoch milliseconds. */
  readonly endedAtMs: number;
}

export interface Opening {
  /** Undefined when the end did not come in time. */
  readonly folded: Promise<Folded | undefined>;
  /** Says whether the message was stored. */
  settle(stored: boolean): void;
}

interface Waiting {
  readonly atMs: number | undefined;
  readonly arrivedAtMs: number;
  resolve(folded: Folded | undefined): void;
  readonly stored: Promise<boolean>;
}

/** @param foldMs how long a beginning is kept back; 0: not at all. */
export function createEpisodes(foldMs: number): Episodes {
  const waiting = new Map<string, Waiting>();
  let released = foldMs === 0;

  return {
    open(source, { atMs, id }, arrivedAtMs, lost) {
      const key = `${source}\n${id}`;
      const folded = Promise.withResolvers<Folded | undefined>();
      const stored = Promise.withResolvers<boolean>();
      const opening = { folded: folded.promise, settle: stored.resolve };
      // Two beginnings in a row are two messages.
      waiting.get(key)?.resolve(undefined);
      if (released || lost.aborted) {
        folded.resolve(undefined);
        return opening;
      }
      const giveUp = (): void => entry.resolve(undefined);
      const timer = setTimeout(giveUp, foldMs);
      const entry: Waiting = {
        atMs,
        arrivedAtMs,
        stored: stored.promise,
        resolve(result) {
          clearTimeout(timer);
          lost.removeEventListener('abort', giveUp);
          if (waiting.get(key) === entry) waiting.delete(key);
          folded.resolve(result);
        },
      };
      lost.addEventListener('abort', giveUp);
      waiting.set(key, entry);
      return opening;
    },
    close(source, episode, arrivedAtMs) {
      const begun = waiting.get(`${source}\n${episode.id}`);
      if (begun === undefined) return undefined;
      // After an outage both arrive in one moment: it counts when they happened, if both say so.
      const lengthMs =
        begun.atMs === undefined || episode.atMs === undefined
          ? arrivedAtMs - begun.arrivedAtMs
          : episode.atMs - begun.atMs;
      const belongs = lengthMs >= 0 && lengthMs <= foldMs;
      const text = belongs ? episode.fold?.(lengthInWords(lengthMs)) : undefined;
      begun.resolve(text === undefined ? undefined : { text, endedAtMs: episode.atMs ?? arrivedAtMs });
      return text === undefined ? undefined : begun.stored;
    },
    isOpen: (source, id) => waiting.has(`${source}\n${id}`),
    giveUp(source) {
      for (const [key, entry] of [...waiting]) if (key.startsWith(`${source}\n`)) entry.resolve(undefined);
    },
    release() {
      released = true;
      for (const entry of [...waiting.values()]) entry.resolve(undefined);
    },
  };
}
