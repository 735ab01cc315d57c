/** What the load generator is told, as JSON, by its parent. */
export interface LoadOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Each `{id}` in it becomes a number of its own with each request. */
  readonly body: string;
  readonly connections: number;
  /** Not counted: code is compiled, connections are made. */
  readonly warmUpMs: number;
  /** Counted; longer where not even one request a connection is answered by then. */
  readonly durationMs: number;
}

/** What it tells in the end. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** All of them, the warm-up's too. */
  readonly sent: number;
  /** Those that were not answered 2xx. */
  readonly failures: number;
  /** Of the generator itself: near the whole time, and it is what was measured. */
  readonly cpuMs: number;
  readonly peakMiB: number;
}
