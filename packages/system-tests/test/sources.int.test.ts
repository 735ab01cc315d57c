import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  chatPattern,
  demoGatewaySettings,
  type FixtureSender,
  openFixtureSender,
  readFixtures,
} from '@wbor/source-fixtures';
import {
  createNamespace,
  deleteNamespace,
  listenerPhoto,
  repoRoot,
  serveBytes,
  startHttpServer,
  waitFor,
} from '@wbor/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

const brokerUrl = inject('brokerUrl');
/** The exchange of the other programs. */
const theirs = createNamespace();
const folder = mkdtempSync(join(tmpdir(), 'sources-'));

let system: SystemUnderTest;
let sender: FixtureSender;

beforeAll(async () => {
  const web = await startHttpServer({ 'GET /photo': serveBytes(listenerPhoto(), 'image/jpeg') });
  sender = await openFixtureSender({
    brokerUrl,
    notifications: theirs.exchange,
    pictureUrl: `${web.url}/photo`,
  });
  system = await startSystemUnderTest({
    brokerUrl,
    databaseUrl: inject('databaseUrl'),
    relayEnv: { NOTIFICATIONS_EXCHANGE: theirs.exchange, FOLD_SECONDS: '2' },
    gatewayEnv: demoGatewaySettings(folder),
  });
  system.onStop(() => web.dispose());
});

afterAll(async () => {
  await sender?.close();
  await system?.stop();
  await deleteNamespace(brokerUrl, theirs);
  rmSync(folder, { recursive: true });
});

/** What stands in the chat for it; a picture has no words. */
function expectedPosts({ chat, pictures = 0 }: { chat: readonly string[]; pictures?: number | undefined }) {
  return [...chat.map((text) => expect.stringMatching(chatPattern(text))), ...Array(pictures).fill('')];
}

// One after another: an extra post of one would be taken for a post of the next.
it.each(readFixtures())('$program: $what', async (fixture) => {
  const before = system.posts().length;
  await sender.send(fixture, { gatewayUrl: system.gatewayUrl, exchange: system.namespace.exchange });
  const expected = expectedPosts(fixture);
  await waitFor(() => system.posts().length >= before + expected.length, { what: 'the posts' }).catch(
    () => undefined,
  );
  expect(system.posts().slice(before)).toEqual(expected);
});

it('says nothing more', async () => {
  const before = system.posts().length;
  await system.send('last', 'The last one', 'cafe0002-last');
  await waitFor(() => system.posts().length > before, { what: 'the last post' });
  expect(system.posts().slice(before)).toEqual([expect.stringContaining('The last one')]);
});

/** The commands on the pages of docs/sources that call the gateway by curl. */
const commands = readdirSync(join(repoRoot, 'docs/sources')).flatMap((page) => {
  const text = readFileSync(join(repoRoot, 'docs/sources', page), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, command = '']) => command);
  return blocks.filter((command) => /^ *curl /m.test(command)).map((command) => ({ page, command }));
});

it.each(commands)('the command on $page sends a message', async ({ command }) => {
  const before = system.posts().length;
  const real = command.replaceAll('http://127.0.0.1:2000', system.gatewayUrl);
  await promisify(execFile)('sh', ['-ec', `curl() { command curl -fsS "$@"; }\n${real}`]);
  await waitFor(() => system.posts().length > before, { what: 'a post' });
  expect(commands.length).toBeGreaterThan(5);
});
