import type { Patient } from './patient.ts';

/** `skipped`: nothing is known, and another line says why. */
export type Status = 'ok' | 'warning' | 'fault' | 'skipped';

/** One thing that was looked at. */
export interface Finding {
  readonly status: Status;
  /** What was looked at: a service, an address without credentials, a queue. */
  readonly about: string;
  readonly text: string;
  /** What to do about it, in plain words. Every fault and every warning has one. */
  readonly fix?: string;
}

export interface Check {
  readonly name: string;
  /** What it looks at, for `--help`. */
  readonly summary: string;
  /** Only with `--send`. */
  readonly sends?: boolean;
  /** Default 15 000. */
  readonly timeoutMs?: number;
  /** Never writes anything anywhere, unless it `sends`. What it throws is a fault of this check alone. */
  run(patient: Patient): Promise<readonly Finding[]>;
}

export interface CheckResult {
  readonly check: string;
  readonly findings: readonly Finding[];
}

export const ok = (about: string, text: string): Finding => ({ status: 'ok', about, text });
export const skipped = (about: string, text: string): Finding => ({ status: 'skipped', about, text });
export const warning = (about: string, text: string, fix: string): Finding => ({
  status: 'warning',
  about,
  text,
  fix,
});
export const fault = (about: string, text: string, fix: string): Finding => ({
  status: 'fault',
  about,
  text,
  fix,
});
