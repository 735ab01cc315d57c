import { Client } from 'undici';
import { percentile } from '../measure/statistics.ts';
import type { LoadOptions, LoadResult } from './options.ts';

// A closed loop: each connection sends its next request when the one before it is answered. A process of its own, since it
// would otherwise share the event loop with what it measures.

const options = JSON.parse(process.argv[2] ?? '') as LoadOptions;
const { origin, pathname: path } = new URL(options.url);
const latencies: number[] = [];
let failures = 0;
let sent = 0;

const beginsAtMs = performance.now() + options.warmUpMs;
const endsAtMs = beginsAtMs + options.durationMs;
let cpuAtBegin: NodeJS.CpuUsage | undefined;

function sendNext(client: Client, whenDone: () => void): void {
  const startedAtMs = performance.now();
  if (startedAtMs >= endsAtMs) return whenDone();
  if (startedAtMs >= beginsAtMs) cpuAtBegin ??= process.cpuUsage();
  sent += 1;
  let status = 0;
  const body = options.body.replaceAll('{id}', String(sent));
  client.dispatch(
    { method: 'POST', path, headers: options.headers, body },
    {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode) => {
        status = statusCode;
      },
      onResponseData: () => undefined,
      onResponseEnd() {
        const endedAtMs = performance.now();
        if (status < 200 || status > 299) failures += 1;
        else if (startedAtMs >= beginsAtMs && endedAtMs < endsAtMs) latencies.push(endedAtMs - startedAtMs);
        sendNext(client, whenDone);
      },
      onResponseError() {
        failures += 1;
        // What refuses connections would be asked without a pause.
        setTimeout(() => sendNext(client, whenDone), 10);
      },
    },
  );
}

const clients = Array.from({ length: options.connections }, () => new Client(origin));
await Promise.all(clients.map((client) => new Promise<void>((resolve) => sendNext(client, resolve))));
const { user, system } = process.cpuUsage(cpuAtBegin);
const result: LoadResult = {
  requestsPerSecond: (latencies.length * 1_000) / options.durationMs,
  p50Ms: percentile(latencies, 0.5),
  p99Ms: percentile(latencies, 0.99),
  requests: latencies.length,
  failures,
  cpuMs: (user + system) / 1_000,
  peakMiB: process.resourceUsage().maxRSS / 1_024,
};
process.stdout.write(JSON.stringify(result));
await Promise.all(clients.map((client) => client.close()));
