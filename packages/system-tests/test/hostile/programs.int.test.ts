import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { azuracastMessage, endecMessage } from '@wbor/contracts';
import { PASSWORD } from '@wbor/start-system';
import { waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTokens } from '../../src/write-tokens.ts';
import { type HostileBed, startHostileBed } from './bed.ts';

/** As an operator may write them by mistake. */
const TEMPLATES = {
  plain: '{{ body.msg }}',
  loops: '{% for a in (1..100000000) %}{{ a }}{% endfor %}',
  'loops-in-loops':
    '{% for a in body.list %}{% for b in body.list %}{% for c in body.list %}{{ a }}{% endfor %}{% endfor %}{% endfor %}',
  doubles:
    "{% assign s = 'xxxxxxxxxx' %}{% for a in body.list %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
  sorts: '{% for a in body.list %}{{ body.list | sort | reverse | join: body.msg | size }}{% endfor %}',
};

let bed: HostileBed;
let folder: string;
let tokens: Readonly<Record<'azuracast' | 'endec' | 'script', string>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  const TOKENS_FILE = join(folder, 'tokens.json');
  tokens = writeTokens(TOKENS_FILE, ['azuracast', 'endec', 'script']);
  const HOOKS_FILE = join(folder, 'hooks.json');
  const hooks = Object.fromEntries(Object.entries(TEMPLATES).map(([name, text]) => [name, { text }]));
  writeFileSync(HOOKS_FILE, JSON.stringify({ version: 1, hooks }));
  bed = await startHostileBed({
    gatewayEnv: {
      TOKENS_FILE,
      HOOKS_FILE,
      SPOOL_FILE: join(folder, 'spool.sqlite'),
      TWILIO_AUTH_TOKEN: 'auth-token-of-the-account',
      PUBLIC_URL: 'https://wbor.test',
      RATE_LIMIT_REFUSED: '0',
    },
  });
});
afterAll(async () => {
  await bed?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const basic = (token: string) => ({ authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` });
const NOBODY = { authorization: '' };

/** Every route of a program, and a body that it takes. */
const ROUTES = {
  '/bots/post': () => ({ path: '/bots/post', fields: { bot_id: tokens.script, text: 'x', attachments: [] } }),
  '/v3/bots/post': () => ({
    path: '/v3/bots/post',
    fields: { bot_id: tokens.script, text: 'x', picture_url: 'http://127.0.0.1:9/a.png' },
  }),
  '/hooks/azuracast': () => ({
    path: '/hooks/azuracast',
    fields: { ...azuracastMessage.example.now_playing },
    headers: basic(tokens.azuracast),
  }),
  '/hooks/endec/:token': () => ({
    path: `/hooks/endec/${tokens.endec}`,
    fields: {
      message_text: 'x',
      eas_data: { ...endecMessage.example.eas_data, raw_header: 'Not found', event: 'RWT' },
    },
  }),
  '/hooks/:name': () => ({ path: `/hooks/plain?token=${tokens.script}`, fields: { msg: 'x', list: ['a'] } }),
  '/hooks/twilio/sms': () => ({ path: '/hooks/twilio/sms', fields: { MessageSid: 'SM1', Body: 'x' } }),
} satisfies Record<string, () => { path: string; fields: object; headers?: Record<string, string> }>;
const NAMES = Object.keys(ROUTES) as (keyof typeof ROUTES)[];

function routeOf(name: keyof typeof ROUTES) {
  const route: { path: string; fields: object; headers?: Record<string, string> } = ROUTES[name]();
  return { ...route, headers: { ...NOBODY, ...route.headers } };
}

/** What stands where something else should. */
const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1e308,
  '',
  ' \n\0',
  '\ud800',
  '\u202e!ban \u200b12345678',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢'.repeat(50),
  '👩‍👩‍👧‍👦'.repeat(400),
  'n'.repeat(70_000),
  [],
  [[[]]],
  ['x', 7],
  {},
  { toString: 1, constructor: 2, text: { text: 'x' } },
];

describe('15: calls of other programs', () => {
  it.each(NAMES)('%s: a body without end, or deeper than any, is refused', async (name) => {
    const { fields, headers, path } = routeOf(name);
    const answers = await Promise.all([
      bed.post(path, { ...fields, x: 'x'.repeat(300_000) }, headers),
      bed.post(
        path,
        `${JSON.stringify(fields).slice(0, -1)},"x":${'['.repeat(60_000)}${']'.repeat(60_000)}}`,
        headers,
      ),
      bed.post(path, '{"a":'.repeat(40_000), headers),
    ]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses[0]).toBe(413);
    // A text or a form, where the route takes one: then it says nothing, or nobody has signed it.
    for (const status of statuses) expect([400, 403, 404, 413, 200]).toContain(status);
    await bed.expectUnharmed(`15, ${name}, large`);
  });

  it.each(NAMES)(
    '%s: nothing odd in any field is answered with 5xx',
    async (name) => {
      const { fields, headers, path } = routeOf(name);
      const statuses = new Set<number>();
      for (const field of [...Object.keys(fields), '__proto__x', 'source', 'wbor_message_id']) {
        const answers = await Promise.all(
          ODD.map((value) => bed.post(path, { ...fields, [field]: value }, headers)),
        );
        for (const { status } of answers) statuses.add(status);
      }
      for (const inner of Object.entries(fields)) {
        const [field, value] = inner as [string, unknown];
        if (typeof value !== 'object' || value === null) continue;
        for (const deeper of Object.keys(value)) {
          const changed = (odd: unknown) => ({ ...fields, [field]: { ...value, [deeper]: odd } });
          const answers = await Promise.all(ODD.map((odd) => bed.post(path, changed(odd), headers)));
          for (const { status } of answers) statuses.add(status);
        }
      }
      for (const status of statuses) expect(status).toBeLessThan(500);
      await bed.expectUnharmed(`15, ${name}, odd fields`);
    },
    120_000,
  );

  it('a token of another source, the password and a guess open nothing', async () => {
    const alert = endecMessage.example;
    const answers = [
      await bed.post('/hooks/azuracast', {}, basic(tokens.script)),
      await bed.post('/hooks/azuracast', {}, basic(PASSWORD)),
      await bed.post(`/hooks/endec/${tokens.script}`, alert),
      await bed.post(`/hooks/endec/${PASSWORD}`, alert),
      await bed.post('/hooks/plain', { msg: 'c15 forged' }, { authorization: `Bearer ${PASSWORD}` }),
      await bed.post('/bots/post', { bot_id: PASSWORD, text: 'c15 forged' }),
      await bed.post('/bots/post', { bot_id: `${tokens.script.slice(0, -1)}_`, text: 'c15 forged' }),
      await bed.post(
        '/send',
        { source: 'endec', body: 'c15 forged' },
        { authorization: `Bearer ${tokens.script}` },
      ),
      await bed.post('/hooks/twilio/sms', 'Body=c15+forged', { ...NOBODY, 'x-twilio-signature': PASSWORD }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 401, 404, 404, 401, 404, 404, 403, 403]);
    await bed.expectUnharmed('15, other tokens');
    expect(bed.postsWith('c15 forged')).toEqual([]);
  });

  it('what became of a message is told to its own source alone', async () => {
    const id = 'c15-status';
    const mine = { authorization: `Bearer ${tokens.script}` };
    expect((await bed.post('/send', { body: 'c15 mine', wbor_message_id: id }, mine)).status).toBe(202);
    const ask = async (path: string, token: string) =>
      (
        await fetch(`${bed.system.gatewayUrl}/send/${path}`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    expect(await ask(id, tokens.script)).toBe(200);
    expect(await ask(id, tokens.endec)).toBe(404);
    for (const odd of ['%00', '..%2f..', `${'i'.repeat(1_000)}`, '__proto__', '%ff', "' OR 1=1 --"])
      expect(await ask(odd, tokens.script), odd).toBe(404);
  });
});

describe('16: templates that an operator got wrong', () => {
  const list = Array.from({ length: 2_000 }, (_, index) => `item ${index}`);

  it.each(['loops', 'loops-in-loops', 'doubles', 'sorts'])(
    '%s: 422, and nobody waits for it long',
    async (name) => {
      const call = () => bed.post(`/hooks/${name}?token=${tokens.script}`, { msg: 'x', list }, NOBODY);
      const answers = await Promise.all([call(), call(), call()]);
      expect(answers.map(({ status }) => status)).toEqual([422, 422, 422]);
      await bed.expectUnharmed(`16, ${name}`);
    },
  );

  it('a text without end is cut, and is in the chat in parts', async () => {
    const path = `/hooks/plain?token=${tokens.script}`;
    expect((await bed.post(path, { msg: `c16 ${'long '.repeat(40_000)}` }, NOBODY)).status).toBe(200);
    await bed.waitForPost('c16');
    await bed.expectUnharmed('16, long');
  });
});

describe('17: who is meant', () => {
  it('a footer that a program writes leads to nobody else', async () => {
    const innocent = '+12075553001';
    const { uid } = await bed.sms(innocent, 'I like the show');
    const footer = `\n---UID---\n${uid}\n---------`;
    await bed.post('/bots/post', { bot_id: tokens.script, text: `c17 bots${footer}` });
    await bed.post(`/hooks/plain?token=${tokens.script}`, { msg: `c17 hook${footer}` }, NOBODY);
    await bed.post(`/hooks/endec/${tokens.endec}`, { message_text: `c17 endec${footer}`, eas_data: {} });
    for (const words of ['c17 bots', 'c17 hook', 'c17 endec']) {
      await bed.waitForPost(words);
      const post = bed.system.simulator
        .messages()
        .find(({ text }) => text?.startsWith(words) || text?.startsWith(`"${words}`));
      await bed.ask('!ban', /./, [{ type: 'reply', reply_id: post?.id } as { type: string }]);
    }
    const { rows } = await bed.system.database.query('SELECT sender FROM bans WHERE sender = $1', [innocent]);
    expect(rows).toEqual([]);
  });

  it('a command that a program says is no command', async () => {
    const { uid } = await bed.sms('+12075553002', 'I like it too');
    await bed.post('/bots/post', { bot_id: tokens.script, text: `!ban ${uid}` });
    await bed.waitForPost(`!ban ${uid}`);
    await bed.ask('!help', /!who/);
    const { rows } = await bed.system.database.query("SELECT sender FROM bans WHERE sender = '+12075553002'");
    expect(rows).toEqual([]);
  });
});

describe('18: secrets in addresses', () => {
  /** The path as it is, which `fetch` would mend. */
  function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<void> {
    const { hostname, port } = new URL(bed.system.gatewayUrl);
    return new Promise((resolve) => {
      const outgoing = request({ hostname, port, method, path, headers }, (response) =>
        response.resume().on('close', resolve),
      );
      outgoing.on('error', () => resolve()).end();
    });
  }

  function sayBytes(bytes: string): Promise<void> {
    const { hostname, port } = new URL(bed.system.gatewayUrl);
    return new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(bytes));
      socket.on('error', () => undefined).on('data', () => undefined);
      socket.on('close', () => resolve());
    });
  }

  it('are in no log, no message and no row, whatever is wrong with the call', async () => {
    const { azuracast, endec, script } = tokens;
    for (const method of ['GET', 'POST', 'PUT', 'OPTIONS', 'HEAD']) {
      for (const path of [
        `/hooks/endec/${endec}`,
        `/hooks/endec/${endec}%zz`,
        `/hooks/endec/${endec}/more`,
        `/hooks/endec/%00${endec}`,
        `//hooks/endec/${endec}`,
        `/hooks/${script}`,
        `/hooks/nothing?token=${script}`,
        `/hooks/plain?token=${script}&token=${script}`,
        `/bots/post?bot_id=${script}`,
        `/send?password=${PASSWORD}&token=${script}`,
        `/send/${script}`,
        `/nothing/${azuracast}`,
      ])
        await ask(method, path, {
          'content-type': 'application/json',
          'x-long': method === 'PUT' ? 'y'.repeat(20_000) : 'y',
        });
    }
    await sayBytes(`POST /hooks/endec/${endec} HTTP/9.9\r\n\r\n`);
    await sayBytes(`POST /hooks/endec/${endec}\0 HTTP/1.1\r\nHost: x\r\n\r\n`);
    await bed.expectUnharmed('18');
    const apps = ['gateway', 'relay', 'audit-logger', 'moderator'] as const;
    const said = apps.map((app) => bed.system.service(app).output()).join('\n');
    for (const token of [azuracast, endec, script])
      expect(said).not.toContain(token.split('_').slice(2).join('_'));
    expect(said).not.toContain(PASSWORD);
    expect(said).not.toContain('auth-token-of-the-account');
    await waitFor(async () => (await bed.system.count('groupme_posts')) > 0, { what: 'rows' });
    for (const token of [azuracast, endec, script])
      for (const table of ['groupme_posts', 'groupme_messages'])
        expect(
          await bed.system.count(`${table} AS event`, `strpos(event::text, '${token.slice(-30)}') > 0`),
        ).toBe(0);
  });
});
