import type { KeyPair } from '../certificates.ts';

export interface PostgresStartOptions {
  /** Where the data lives from one run to the next. Default: a temporary folder, removed in the end, and no fsync. */
  readonly dataDir?: string;
  /** Never the server of `DATABASE_URL`: for tests that stop it. */
  readonly private?: boolean;
  /** Takes connections with TLS, too, with this certificate. Of the embedded one only. */
  readonly tls?: KeyPair;
  readonly onProgress?: (step: string) => void;
}

/** A real Postgres. `stop` and `start` throw TestkitError `NOT_OWNED` unless `owned`. */
export interface TestPostgres {
  /** Of a user that may create databases. */
  readonly url: string;
  readonly owned: boolean;
  /** Of the server's first process, while it runs; undefined for one that is not ours or in a container. */
  readonly pid: number | undefined;
  /** Where it comes from, for people; without a password. */
  readonly how: string;
  /** In good order, cutting every connection. Data and port stay. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** See `createDatabase`. */
  createDatabase(template?: string): Promise<TestDatabase>;
  /** Ends the server when it is ours, and removes what was temporary. Idempotent. */
  dispose(): Promise<void>;
}

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Cuts whoever is connected. */
  drop(): Promise<void>;
}
