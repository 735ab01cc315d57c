import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readEnvironments } from './environment.ts';
import { createSecretsRedactor } from './secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'doctor-environment-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('takes our environment before the file of a service, and that before the file of the folder', async () => {
  mkdirSync(join(folder, 'apps/relay'), { recursive: true });
  writeFileSync(join(folder, '.env'), 'A=folder\nB=folder\nC=folder\n');
  writeFileSync(join(folder, 'apps/relay/.env'), 'A=relay\nB="relay"\n');
  const found = await readEnvironments(['relay', 'gateway'], folder, { A: 'ours' });
  expect(found.get('relay')).toEqual({ A: 'ours', B: 'relay', C: 'folder' });
  expect(found.get('gateway')).toEqual({ A: 'ours', B: 'folder', C: 'folder' });
});

it('needs no file', async () => {
  expect(await readEnvironments(['relay'], join(folder, 'none'), { A: 'ours' })).toEqual(
    new Map([['relay', { A: 'ours' }]]),
  );
});

it('takes every secret out of a text, those in addresses and files too', () => {
  const file = join(folder, 'token');
  writeFileSync(file, 'token-of-a-file\n');
  const redact = createSecretsRedactor(
    new Map([
      [
        'relay',
        {
          GROUPME_BOT_ID: 'bot-of-ours',
          GROUPME_ACCESS_TOKEN_FILE: file,
          RABBITMQ_URL: 'amqp://user:pass%2Fword@127.0.0.1/',
          FOLD_SECONDS: 'wrong',
        },
      ],
      ['moderator', { DATABASE_URL: 'postgres://user:db-password@127.0.0.1/x' }],
    ]),
  );
  const text = 'user bot-of-ours token-of-a-file pass%2Fword pass/word db-password wrong';
  expect(redact(text)).toBe('user [redacted] [redacted] [redacted] [redacted] [redacted] wrong');
});
