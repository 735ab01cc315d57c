import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Bed, buildInto, installedNode, makeBed, run } from './bed.ts';

let bed: Bed;

beforeEach(async () => {
  bed = await makeBed(inject('brokerUrl'));
  await buildInto(join(bed.folder, 'dist'));
});

afterEach(() => bed.end());

/** As cron would: no PATH, no HOME, nothing but what is given. */
function send(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; input?: string } = {},
) {
  const { env = bed.environment, ...rest } = options;
  return run(installedNode, [join(bed.folder, 'dist/wbor-send.js'), ...args], { env, ...rest });
}

/** The settings for a gateway that behaves so. */
async function overGateway(behave: RequestListener): Promise<Readonly<Record<string, string>>> {
  const gateway = createServer(behave);
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  bed.onEnd(async () => gateway.close());
  const { port } = gateway.address() as AddressInfo;
  return { ...bed.httpEnvironment, GATEWAY_URL: `http://127.0.0.1:${port}` };
}

describe('wbor-send', () => {
  it('sends its words, or its standard input, and says who has delivered it', async () => {
    await bed.startRelay();
    const first = await send(['--source', 'cron', '--json', 'Disk', 'is full']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toMatchObject({ deliveredBy: 'relay' });
    expect(await send([], { input: 'two\nlines\n' })).toMatchObject({ code: 0 });
    await waitFor(() => bed.posts().length === 2, { what: 'both posts' });
    expect(bed.posts().map((text) => /"([^"]*)"/.exec(text)?.[1])).toEqual(['Disk is full', 'two\nlines']);
    const sources = () => bed.auditRows().map(({ source }) => source);
    await waitFor(() => sources().length === 2, { what: 'both rows' });
    expect(sources()).toEqual(['cron', 'ups']);
  });

  it('takes its settings from a file, with an empty environment', async () => {
    await bed.toRelay.cut();
    const file = join(bed.folder, 'send.conf');
    await writeFile(
      file,
      `# a comment\n${Object.entries(bed.environment)
        .map(([name, value]) => `${name}="${value}"\n`)
        .join('')}`,
    );
    const { code, stdout } = await send(['--config', file, 'Disk is full'], { env: {} });
    expect(stdout).toContain('delivered by wbor-send itself');
    expect(code).toBe(0);
    expect(bed.posts()).toHaveLength(1);
  });

  it('keeps what it cannot send, says so by its exit code, and sends it later', async () => {
    await bed.toRelay.cut();
    await bed.toGroupMe.cut();
    expect(await send(['--timeout', '3', 'Disk is full'])).toMatchObject({ code: 3 });
    expect(await send(['status'])).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^1 messages wait/),
    });
    expect(await send(['drain', '--timeout', '2'])).toMatchObject({ code: 3 });
    await bed.toGroupMe.heal();
    // The message is in the chat, the audit has not heard of it.
    expect(await send(['drain', '--json'])).toMatchObject({ code: 3 });
    await bed.toRelay.heal();
    await bed.startRelay();
    expect(await send(['drain', '--json'])).toMatchObject({ code: 0 });
    expect(bed.posts()).toHaveLength(1);
    expect(await send(['status'])).toMatchObject({ code: 0 });
  });

  it('ends in time when the network swallows everything, and keeps the message', async () => {
    bed.toRelay.stall();
    bed.toGroupMe.stall();
    expect(await send(['--timeout', '3', 'Disk is full'])).toMatchObject({ code: 3 });
  });

  it('says that it has posted, also when the gateway says nothing to its log', async () => {
    const env = await overGateway((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => {
        if (!body.includes('alreadysent')) response.writeHead(503).end('{"code":"BROKER_UNAVAILABLE"}');
      });
    });
    const { code, stdout } = await send(['--wait', '1', '--timeout', '8', 'Mains lost'], { env });
    expect(stdout).toContain('delivered by wbor-send itself');
    expect(code).toBe(0);
    expect(await send(['status'], { env })).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('1 logs'),
    });
  });

  it('posts by itself, in the time of an event of a UPS, when the gateway takes the connection and says nothing', async () => {
    const env = await overGateway(() => {});
    expect(await send(['--wait', '4', '--timeout', '14', 'Mains lost'], { env })).toMatchObject({ code: 0 });
    expect(bed.posts()).toHaveLength(1);
  });

  it('a log that the gateway refuses holds up no other', async () => {
    const env = await overGateway((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => {
        if (!body.includes('alreadysent')) response.writeHead(503).end('{"code":"BROKER_UNAVAILABLE"}');
        else if (body.includes('cron')) response.writeHead(403).end('{}');
        else response.writeHead(202).end('{"status":"queued"}');
      });
    });
    for (const source of ['cron', 'ups']) {
      expect(await send(['--source', source, '--wait', '1', 'Mains lost'], { env })).toMatchObject({
        code: 0,
      });
    }
    const { stdout } = await send(['status'], { env });
    expect(stdout).toContain('0 messages wait; 1 logs');
  });

  it('fails when time is up and the spool cannot be used: nothing waits anywhere', async () => {
    bed.toRelay.stall();
    bed.toGroupMe.stall();
    await writeFile(join(bed.folder, 'a-file'), '');
    const env = { ...bed.environment, WBOR_SPOOL_FILE: join(bed.folder, 'a-file/spool') };
    const { code, stdout } = await send(['--timeout', '3', 'Mains lost'], { env });
    expect(stdout).toMatch(/^failed \(time is up, and nothing is kept: .* cannot be used/);
    expect(code).toBe(1);
  });

  it('says by its exit code that a post is in doubt', async () => {
    await bed.toRelay.cut();
    bed.simulator.setFault({ route: 'bots/post', mode: 'accept-then-reset', times: 1 });
    expect(await send(['Disk is full'])).toMatchObject({ code: 4 });
  });

  it('says what is wrong with a command or a setting, and repeats no secret', async () => {
    for (const args of [
      ['--nonsense', 'x'],
      ['--wait', 'long', 'x'],
      ['--source', 'NOT A SLUG', 'x'],
      ['--config', '/nowhere', 'x'],
    ]) {
      const { code, stderr } = await send(args);
      expect(code, stderr).toBe(2);
      expect(stderr).toMatch(/^wbor-send: /);
    }
    const { code, stderr } = await send(['x'], {
      env: { RABBITMQ_URL: 'http://user:pass-word-1@127.0.0.1' },
    });
    expect(code).toBe(2);
    expect(stderr).not.toContain('pass-word-1');
    expect(await send(['x'], { env: {} })).toMatchObject({ code: 2 });
    expect(await send([' '])).toMatchObject({ code: 2 });
  });

  it('shows what it would post and sends nothing', async () => {
    const { code, stdout } = await send(['--dry-run', 'Disk is full']);
    expect(code).toBe(0);
    expect(stdout).toContain('"Disk is full"\n---UID---');
    expect(stdout).not.toContain(bed.simulator.botId);
    expect(bed.calls()).toBe(0);
    await expect(readFile(bed.spoolFile)).rejects.toThrow('ENOENT');
  });

  it('sends where the spool cannot be used, and fails when it can neither send nor keep', async () => {
    await bed.toRelay.cut();
    const file = join(bed.folder, 'a-file');
    await writeFile(file, '');
    const env = { ...bed.environment, WBOR_SPOOL_FILE: join(file, 'spool') };
    expect(await send(['Disk is full'], { env })).toMatchObject({ code: 0 });
    await bed.toGroupMe.cut();
    expect(await send(['--timeout', '2', 'Disk is full'], { env })).toMatchObject({ code: 1 });
  });
});
