import { backOff } from '@wbor/async';

/** How long to wait before Postgres is asked again after it failed: 1, 2, 4 … 30 s, jittered. */
export const databaseBackOffMs = backOff({ minMs: 1_000, maxMs: 30_000 });
