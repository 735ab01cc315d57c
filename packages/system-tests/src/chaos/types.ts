import type { Verdict } from './check.ts';
import type { ChaosFacts } from './facts.ts';

export interface RunChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly echo?: boolean;
  readonly readBack?: boolean;
  /** See the checker's limits; `Number.POSITIVE_INFINITY` only counts them. */
  readonly allowRepeats?: number | undefined;
  /** How long everything may take to arrive once all is mended. Default 180. */
  readonly settleSeconds?: number;
  /** With hostile senders beside the normal ones. */
  readonly fuzz?: boolean;
  /** The broker is a cluster of three, whose nodes break. */
  readonly cluster?: boolean;
  readonly logsFolder?: string | undefined;
  readonly relayEnv?: Readonly<Record<string, string>>;
  /** Ends the run early; everything is stopped and removed. */
  readonly signal?: AbortSignal;
  readonly onProgress: (line: string) => void;
}

export interface ChaosResult {
  readonly verdict: Verdict;
  readonly facts: ChaosFacts;
  /** Where the logs are, if they were kept. */
  readonly logsFolder: string | undefined;
}
