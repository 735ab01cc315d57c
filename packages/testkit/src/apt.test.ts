import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { policyScript } from './apt.ts';

test('service starts are forbidden for a while; then the policy of before counts, if there was one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wbor-policy-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const saved = join(folder, 'saved');
  const now = Date.now() / 1000;
  const answer = (until: number) =>
    spawnSync('/bin/sh', ['-s', 'rabbitmq-server', 'start'], { input: policyScript(until, saved) }).status;
  expect(answer(now + 60)).toBe(101);
  expect(answer(now - 60)).toBe(0);
  writeFileSync(saved, '#!/bin/sh\n[ "$1 $2" = "rabbitmq-server start" ] && exit 104\n', { mode: 0o755 });
  expect(answer(now + 60)).toBe(101);
  expect(answer(now - 60)).toBe(104);
});
