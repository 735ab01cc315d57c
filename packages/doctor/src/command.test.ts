import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runCommand } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'doctor-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(argv: string[], { env = {}, isTTY = false }: { env?: object; isTTY?: boolean } = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand({
    argv,
    env: { HEALTH_PORT: '1', ...env },
    cwd: folder,
    bundleFolder: folder,
    stdout: { isTTY, write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
  });
  return { code, out: out.join(''), err: err.join('') };
}

it('exits with 2 for a command line that makes no sense, and one line that says why', async () => {
  const { code, err, out } = await run(['--colour']);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^doctor: .*--colour.*--help.*\n$/);
});

it('exits with 0 for --help', async () => {
  expect(await run(['--help'])).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('round trip'),
  });
});

it('exits with 1 where nothing is set, and names each setting', async () => {
  const { code, err, out } = await run([]);
  expect({ code, err }).toEqual({ code: 1, err: '' });
  for (const name of ['GROUPME_BOT_ID', 'RABBITMQ_URL', 'DATABASE_URL', 'GROUPME_GROUP_ID']) {
    expect(out).toMatch(new RegExp(`FAULT +configuration +\\S+: ${name} is not set`));
  }
  expect(out).toMatch(/\n\d+ faults, 5 not checked\n$/);
});

it('uses colours on a terminal only, and not where NO_COLOR is set', async () => {
  expect((await run([], { isTTY: true })).out).toContain('\u001b[');
  expect((await run([], { isTTY: true, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b[');
  expect((await run([])).out).not.toContain('\u001b[');
});

it('looks at the services that are named, else at that of the image', async () => {
  const servicesIn = (json: string) =>
    new Set((JSON.parse(json) as { findings: { about: string }[] }).findings.map(({ about }) => about));
  const named = await run(['--json', '--service', 'relay', 'moderator']);
  expect(servicesIn(named.out)).toEqual(new Set(['relay', 'moderator', 'relay, moderator']));
  writeFileSync(join(folder, 'service-name'), 'gateway\n');
  expect(servicesIn((await run(['--json'])).out)).toEqual(new Set(['gateway']));
});
