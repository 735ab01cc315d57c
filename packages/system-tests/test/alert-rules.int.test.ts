import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, unpackPackages } from '@wbor/testkit';
import { beforeAll, expect, it } from 'vitest';
import { PROMETHEUS_FOLDER } from '../src/metrics/observability.ts';

const run = promisify(execFile);

let found: { promtool: string } | { missing: string };

beforeAll(async () => {
  found = await unpackPackages({ name: 'prometheus' }).then(
    (folder) => ({ promtool: join(folder, 'usr/bin/promtool') }),
    (error: unknown) => ({ missing: messageOf(error) }),
  );
}, 300_000);

it.for([
  ['Prometheus takes its configuration and rules', ['check', 'config', 'prometheus.yml']],
  ['each alert fires when it should, and only then', ['test', 'rules', 'alerts.test.yml']],
] as const)('%s', async ([, args], { skip }) => {
  if ('missing' in found) return skip(`no promtool: ${found.missing}`);
  const { stdout } = await run(found.promtool, args, { cwd: PROMETHEUS_FOLDER });
  expect(stdout).toContain('SUCCESS');
});
