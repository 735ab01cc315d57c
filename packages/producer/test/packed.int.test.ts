import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { type Bed, buildInto, installedNode, makeBed, packageFolder, run } from './bed.ts';

let bed: Bed;

beforeEach(async () => {
  bed = await makeBed(inject('brokerUrl'));
});

afterEach(() => bed.end());

/** The npm that runs these tests, or the machine's. */
async function npm(args: readonly string[], cwd: string) {
  const cli = process.env.npm_execpath;
  const command = cli?.endsWith('npm-cli.js') ? [installedNode, cli] : ['npm'];
  const [program = 'npm', ...first] = command;
  const offline = ['--offline', '--no-audit', '--no-fund', '--cache', join(bed.folder, 'npm-cache')];
  const result = await run(program, [...first, ...args, ...offline], { cwd });
  expect(result.code, result.stderr).toBe(0);
  return result.stdout;
}

/** Packs what is published, and installs it from the file into an empty folder. */
async function installPacked(): Promise<string> {
  const source = join(bed.folder, 'package');
  const empty = join(bed.folder, 'empty');
  await mkdir(source);
  await mkdir(empty);
  for (const name of ['package.json', 'README.md', 'examples']) {
    await cp(join(packageFolder, name), join(source, name), { recursive: true });
  }
  await buildInto(join(source, 'dist'));
  const [packed] = JSON.parse(await npm(['pack', '--json', '--ignore-scripts'], source)) as {
    filename: string;
    files: { path: string }[];
  }[];
  const files = packed?.files.map(({ path }) => path) ?? [];
  expect(files.filter((path) => !path.startsWith('examples/')).toSorted()).toEqual([
    'README.md',
    'dist/LICENSE',
    'dist/dashboard-bridge.js',
    'dist/index.d.ts',
    'dist/index.js',
    'dist/wbor-send.js',
    'package.json',
  ]);
  await npm(['init', '--yes'], empty);
  await npm(['install', '--ignore-scripts', join(source, packed?.filename ?? '')], empty);
  return empty;
}

const PROGRAM = `
import { createProducer } from '@wbor/producer';
const { EXCHANGE, FALLBACK_URL, BOT, SPOOL, URL } = process.env;
const producer = createProducer({
  rabbitmqUrl: URL, exchange: EXCHANGE, source: 'ups', spoolFile: SPOOL,
  fallback: { botId: BOT, apiUrl: FALLBACK_URL },
});
const results = [await producer.send({ body: process.argv[2] })];
await producer.drain();
await producer.close();
console.log(JSON.stringify({ node: process.versions.node, results }));
`;

it('the packed package, installed from its file into an empty folder, sends on the Node of the machine', async () => {
  await bed.startRelay();
  const folder = await installPacked();
  await writeFile(join(folder, 'program.mjs'), PROGRAM);
  const send = async (words: string) => {
    const { environment } = bed;
    const env = {
      URL: environment.RABBITMQ_URL,
      EXCHANGE: environment.RABBITMQ_EXCHANGE,
      FALLBACK_URL: environment.GROUPME_API_URL,
      BOT: environment.GROUPME_BOT_ID,
      SPOOL: environment.WBOR_SPOOL_FILE,
    };
    const { code, stderr, stdout } = await run(installedNode, ['program.mjs', words], { cwd: folder, env });
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as { node: string; results: unknown[] };
  };
  const byRelay = await send('Mains lost');
  const { stdout } = await run(installedNode, ['--version']);
  expect(`v${byRelay.node}`).toBe(stdout.trim());
  expect(byRelay.results).toMatchObject([{ deliveredBy: 'relay' }]);
  await bed.toRelay.cut();
  expect((await send('Mains back')).results).toMatchObject([{ deliveredBy: 'fallback', state: 'delivered' }]);
  await waitFor(() => bed.posts().length === 2, { what: 'both posts' });
});

it('its types are those of the source, and need nothing else', async () => {
  const folder = await installPacked();
  const types = await readFile(join(folder, 'node_modules/@wbor/producer/dist/index.d.ts'), 'utf8');
  expect(types).not.toContain('import');
  await writeFile(
    join(folder, 'program.ts'),
    `import { createProducer, type Producer, ProducerError, type SendResult } from '@wbor/producer';
const producer: Producer = createProducer({ gatewayUrl: 'http://127.0.0.1', source: 'ups' });
export const sent: Promise<SendResult> = producer.send({ body: 'x', urgent: true });
export const code: string = new ProducerError('CLOSED', '').code;
// @ts-expect-error a message has a body
producer.send({});
`,
  );
  const tsc = join(packageFolder, '../../node_modules/.bin/tsc');
  const args = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    '',
    'program.ts',
  ];
  const { code, stdout } = await run(tsc, args, { cwd: folder });
  expect(code, stdout).toBe(0);
});
