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
let lastEndedAtMs = Number.NaN;

const beginsAtMs = performance.now() + options.warmUpMs;
const endsAtMs = beginsAtMs + options.durationMs;
let cpuAtBegin: NodeJS.CpuUsage | undefined;

function sendNext(client: Client, whenDone: () => void): void {
  const startedAtMs = performance.now();
  // On a machine that does much else, one answer a connection at least: there is no figure without any.
  if (startedAtMs >= endsAtMs && latencies.length + failures >= options.connections) {
    whenDone();
    return;
  }
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
        else if (startedAtMs >= beginsAtMs) {
          latencies.push(endedAtMs - startedAtMs);
          lastEndedAtMs = endedAtMs;
        }
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
  requestsPerSecond: (latencies.length * 1_000) / (lastEndedAtMs - beginsAtMs),
  p50Ms: percentile(latencies, 0.5),
  p99Ms: percentile(latencies, 0.99),
  sent,
  failures,
  cpuMs: (user + system) / 1_000,
  peakMiB: process.resourceUsage().maxRSS / 1_024,
};
process.stdout.write(JSON.stringify(result));
await Promise.all(clients.map((client) => client.close()));
