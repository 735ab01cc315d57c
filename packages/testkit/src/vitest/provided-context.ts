// What the global set-up hands to the tests of the integration project: `inject('brokerUrl')`.
declare module 'vitest' {
  interface ProvidedContext {
    /** The broker of this run, shared by all test files: use a namespace of your own. */
    readonly brokerUrl: string;
    /** The Postgres server of this run: use `createDatabase` for a database of your own. */
    readonly databaseUrl: string;
    /** A Chromium, or '' when no browser test was to run or none could be had. */
    readonly chromiumPath: string;
    /** Why `chromiumPath` is ''. */
    readonly chromiumMissing: string;
  }
}

export type { ProvidedContext } from 'vitest';
