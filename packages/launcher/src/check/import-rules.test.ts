import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '@wbor/testkit';
import { beforeAll, expect, it } from 'vitest';

const APP = 'Nothing imports an app';
const CLIMB = 'No relative path leaves its package';
const AMQP = 'Only packages/amqp touches the library';
const POSTGRES = 'Only packages/database connects to Postgres';
const QUERIES = 'Queries belong into packages/database';
const BENCH = 'What is deployed imports nothing that is for tests';
const CONTRACTS = 'The contracts import zod alone';
const STAGES = "The relay's stages meet in src/outbox";
const CYCLE = 'This import is part of a cycle';

/** A file with one import, and the beginning of what Biome must say about it. */
const FORBIDDEN: readonly (readonly [file: string, code: string, fault: string])[] = [
  ['apps/gateway/src/app-by-name.ts', "import '@wbor/relay';", APP],
  ['apps/gateway/src/app-by-path.ts', "import '../../relay/src/config.ts';", CLIMB],
  ['apps/gateway/src/routes/app-by-path.ts', "import '../../../relay/src/config.ts';", CLIMB],
  ['apps/gateway/src/a/b/app-by-path.ts', "import '../../../../relay/src/config.ts';", CLIMB],
  ['apps/gateway/src/around.ts', "import './routes/../../../relay/build.ts';", CLIMB],
  ['apps/gateway/test/app-by-path.ts', "import '../../relay/src/config.ts';", CLIMB],
  ['apps/gateway/build.ts', "import '../relay/build.ts';", CLIMB],
  [
    'packages/service/src/app-by-name.ts',
    "import type { A } from '@wbor/gateway/src/a.ts';\nexport type B = A;",
    APP,
  ],
  ['packages/service/src/package-by-path.ts', "import '../../contracts/src/index.ts';", CLIMB],
  ['packages/testkit/src/app.ts', "import '@wbor/moderator';", APP],
  ['packages/testkit/src/settings.ts', "import '@wbor/moderator/config';", APP],
  ['packages/doctor/src/app.ts', "import '@wbor/moderator';", APP],
  ['apps/relay/src/amqplib.ts', "import 'amqplib';", AMQP],
  [
    'apps/relay/src/amqplib-type.ts',
    "import type { A } from 'amqplib/callback_api.js';\nexport type B = A;",
    AMQP,
  ],
  ['apps/relay/src/amqplib-inline-type.ts', "export type A = import('amqplib').Channel;", AMQP],
  ['apps/relay/src/amqplib-later.ts', "export const a = () => import('amqplib');", AMQP],
  ['apps/relay/src/amqplib-again.ts', "export { connect } from 'amqplib';", AMQP],
  ['packages/database/src/manager.ts', "import 'amqp-connection-manager';", AMQP],
  ['apps/moderator/src/pg.ts', "import 'pg';", POSTGRES],
  ['apps/gateway/src/kysely.ts', "import 'kysely';", QUERIES],
  ['packages/amqp/src/kysely.ts', "import 'kysely/migration';", QUERIES],
  ['apps/relay/src/testkit.ts', "import '@wbor/testkit';", BENCH],
  ['apps/relay/src/parked.ts', "import '@wbor/parked-cli';", BENCH],
  ['apps/relay/src/doctor.ts', "import '@wbor/doctor';", BENCH],
  ['apps/gateway/src/build.ts', "import '@wbor/build-app';", BENCH],
  ['apps/relay/src/bench.ts', "import '@wbor/benchmarks';", BENCH],
  ['packages/groupme/src/simulator.ts', "import '@wbor/groupme-simulator';", BENCH],
  ['packages/contracts/src/uuid.ts', "import 'uuid';", CONTRACTS],
  ['packages/contracts/src/node.ts', "import 'node:fs';", CONTRACTS],
  ['packages/contracts/src/service.ts', "import '@wbor/service';", CONTRACTS],
  ['apps/relay/src/intake/images/up.ts', "import '../../delivery/throttle.ts';", STAGES],
  [
    'apps/relay/src/delivery/down.ts',
    "import type { A } from '../intake/intake.ts';\nexport type B = A;",
    STAGES,
  ],
  ['apps/relay/src/moderation/up.ts', "import '../delivery/deliver.ts';", STAGES],
  ['apps/relay/src/notify/up.ts', "import '../intake/intake.ts';", STAGES],
  ['packages/service/src/cycle-a.ts', "import { b } from './cycle-b.ts';\nexport const a = () => b;", CYCLE],
  ['packages/service/src/cycle-b.ts', "import { a } from './cycle-a.ts';\nexport const b = () => a;", CYCLE],
  [
    'packages/service/src/types-a.ts',
    "import type { B } from './types-b.ts';\nexport type A = B | 1;",
    CYCLE,
  ],
  [
    'packages/service/src/types-b.ts',
    "import type { A } from './types-a.ts';\nexport type B = A | 2;",
    CYCLE,
  ],
];

const ALLOWED: readonly (readonly [file: string, code: string])[] = [
  [
    'apps/gateway/src/routes/send.ts',
    "import '@wbor/amqp';\nimport '@wbor/contracts';\nimport '../limits.ts';",
  ],
  ['apps/gateway/src/send.test.ts', "import '../test/bed.ts';\nimport '@wbor/testkit';"],
  ['apps/gateway/test/system/bed.ts', "import '../../src/start.ts';\nimport 'amqplib';\nimport 'pg';"],
  [
    'apps/relay/src/intake/intake.ts',
    "import '../outbox.ts';\nimport '../moderation/bans.ts';\nimport './text/plan.ts';",
  ],
  ['apps/relay/src/start.ts', "import './intake/intake.ts';\nimport './delivery/deliver.ts';"],
  ['apps/moderator/src/bans.ts', "import 'kysely';\nimport '@wbor/database';"],
  ['packages/doctor/src/services.ts', "import '@wbor/relay/config';\nimport '@wbor/audit-logger/config';"],
  ['packages/amqp/src/broker.ts', "import 'amqplib';\nimport 'amqp-connection-manager';"],
  ['packages/contracts/src/bans.ts', "import 'zod';\nimport './define.ts';"],
  ['packages/contracts/src/bans.test.ts', "import 'vitest';"],
  ['packages/database/src/pool.ts', "import 'pg';\nimport 'kysely';"],
  ['packages/launcher/bootstrap/bootstrap.mjs', "import '../../testkit/src/process/is-running.mjs';"],
  ['packages/benchmarks/src/floors/floor.ts', "import 'amqplib';\nimport 'pg';\nimport '@wbor/testkit';"],
  ['packages/testkit/src/broker/answers.ts', "import 'amqplib';\nimport '../wait.ts';"],
];

/** Starting Biome takes a second, and many on a machine that does other work. */
const BIOME_TIMEOUT_MS = 60_000;

let faults: Map<string, string[]>;

beforeAll(async () => {
  faults = await lint([...FORBIDDEN, ...ALLOWED]);
}, BIOME_TIMEOUT_MS);

it.each(FORBIDDEN)('is refused: %s', (file, _code, fault) => {
  expect(faults.get(file)).toEqual([expect.stringMatching(new RegExp(`^${fault}`))]);
});

it.each(ALLOWED)('is allowed: %s', (file) => {
  expect(faults.get(file)).toBeUndefined();
});

it('knows every app by its name', { timeout: BIOME_TIMEOUT_MS }, async () => {
  const apps = await readdir(join(repoRoot, 'apps'));
  const names = await Promise.all(
    apps.map(
      async (app) => JSON.parse(await readFile(join(repoRoot, 'apps', app, 'package.json'), 'utf8')).name,
    ),
  );
  const files = names.map(
    (name, index) => [`packages/service/src/${index}.ts`, `import '${name}';`] as const,
  );
  const found = await lint(files);
  expect(names.filter((_name, index) => !found.get(`packages/service/src/${index}.ts`))).toEqual([]);
});

/** Runs the Biome of the repository, with its configuration, on these files alone: what it says, by file. */
async function lint(files: readonly (readonly [file: string, code: string, ...unknown[]])[]) {
  const folder = await mkdtemp(join(tmpdir(), 'wbor-import-rules-'));
  try {
    for (const name of ['biome.json', 'import-rules.grit']) {
      await copyFile(join(repoRoot, name), join(folder, name));
    }
    for (const [file, code] of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), `${code}\n`);
    }
    return await runBiome(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runBiome(cwd: string): Promise<Map<string, string[]>> {
  const args = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'];
  // It exits with 1 when it finds something.
  const { stdout } = await promisify(execFile)(join(repoRoot, 'node_modules/.bin/biome'), args, {
    cwd,
  }).catch((error: { stdout: string }) => error);
  const report: { diagnostics: { message: string; location: { path: string } }[] } = JSON.parse(stdout);
  const byFile = new Map<string, string[]>();
  for (const { message, location } of report.diagnostics) {
    byFile.set(location.path, [...(byFile.get(location.path) ?? []), message]);
  }
  return byFile;
}
