import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { commonSettings } from './common-settings.ts';
import { createHealth } from './health.ts';
import { startHeartbeat } from './heartbeat.ts';
import { Secret } from './secret.ts';
import { parseConfig } from './settings.ts';

const PATH = '/ping/some-secret?key=other-secret';

/** A busy machine takes a while. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000 });

/** A heartbeat every few milliseconds to a server that answers like this. */
async function beat(answer: RequestListener, timeoutMs = 10_000) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const lines: string[] = [];
  const log = (fields: object, text: string): void => void lines.push(JSON.stringify({ ...fields, text }));
  const health = createHealth();
  const heartbeat = startHeartbeat({
    url: new Secret(`http://127.0.0.1:${port}${PATH}`),
    health,
    logger: { info: log, warn: log } as never,
    everyMs: 5,
    timeoutMs,
  });
  onTestFinished(() => {
    heartbeat.stop();
    server.close();
    server.closeAllConnections();
  });
  return { health, heartbeat, lines, paths };
}

it('calls at once and again and again, and says nothing', async () => {
  const { lines, paths } = await beat((_request, response) => response.end('OK'));
  await eventually(() => expect(paths.length).toBeGreaterThan(3));
  expect(new Set(paths)).toEqual(new Set([`GET ${PATH}`]));
  expect(lines).toEqual([]);
});

it('ceases while the service is not ready, and after its stop', async () => {
  const { health, heartbeat, paths } = await beat((_request, response) => response.end());
  let fault: string | undefined;
  let asked = 0;
  health.addCheck('broker', () => {
    asked += 1;
    return fault;
  });
  await eventually(() => expect(paths.length).toBeGreaterThan(1));
  fault = 'not connected';
  const before = asked;
  // Whatever was on its way when the fault came has arrived after two more questions.
  await eventually(() => expect(asked).toBeGreaterThan(before + 2));
  const then = paths.length;
  await eventually(() => expect(asked).toBeGreaterThan(before + 6));
  expect(paths.length).toBe(then);
  fault = undefined;
  await eventually(() => expect(paths.length).toBeGreaterThan(then));
  heartbeat.stop();
  const last = asked;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toBe(last);
});

it.each<[string, RequestListener, string, number?]>([
  ['refuses', (_request, response) => response.writeHead(404).end(), 'HTTP 404'],
  ['hangs up', (request) => request.socket.destroy(), 'UND_ERR_SOCKET'],
  ['says nothing', () => undefined, 'TimeoutError', 20],
])(
  'says once that the other side %s, without a word of the address',
  async (_what, answer, error, timeoutMs) => {
    const { lines, paths } = await beat(answer, timeoutMs);
    await eventually(() => expect(paths.length).toBeGreaterThan(3));
    expect(lines).toEqual([
      JSON.stringify({ error, text: 'the heartbeat does not get through; check HEARTBEAT_URL' }),
    ]);
  },
);

it('says when it gets through again', async () => {
  let calls = 0;
  const { lines } = await beat((_request, response) => {
    calls += 1;
    response.writeHead(calls < 3 ? 500 : 200).end();
  });
  await eventually(() => expect(lines).toHaveLength(2));
  expect(lines[1]).toContain('the heartbeat gets through again');
});

it.each(['ftp://host/secret-path', 'https://user:secret-path@host/', 'secret-path'])(
  'an address that cannot be called is refused without repeating it: %s',
  (HEARTBEAT_URL) => {
    const settings = z.object(commonSettings({ healthPort: 0 }));
    expect(() => parseConfig(settings, { HEARTBEAT_URL })).toThrow(
      'a setting is wrong: HEARTBEAT_URL must look like https://host/path, without user and password',
    );
  },
);
