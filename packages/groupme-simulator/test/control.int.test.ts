import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../src/index.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

interface ControlAnswer {
  requests: { seq: number }[];
  messages: object[];
  faults: object[];
  bots: object[];
}

async function call(url: string, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${url}/_simulator/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

describe('the control routes', () => {
  let simulator: Simulator;

  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(() => simulator.stop());

  const control = (method: string, path: string, body?: unknown) => call(simulator.url, method, path, body);
  const read = async (path: string) => (await (await control('GET', path)).json()) as ControlAnswer;
  const post = (text: string) =>
    fetch(`${simulator.apiUrl}/bots/post?bot_id=${simulator.botId}&text=${text}`, { method: 'POST' });

  it('do from another process what the object does', async () => {
    expect(
      (await control('POST', 'faults', { route: 'bots/post', mode: 'status', status: 500, times: 1 })).status,
    ).toBe(201);
    expect((await post('one')).status).toBe(500);
    expect((await post('two')).status).toBe(202);
    expect((await control('POST', 'messages', { name: 'Kim', text: 'three' })).status).toBe(201);

    const { requests } = await read('requests');
    expect(requests).toMatchObject([{ status: 500 }, { status: 202 }]);
    expect((await read(`requests?since=${requests[0]?.seq}`)).requests).toHaveLength(1);
    expect((await read('messages')).messages).toMatchObject([{ text: 'two' }, { text: 'three' }]);
    expect((await read('faults')).faults).toEqual([]);

    expect((await control('POST', 'reset')).status).toBe(204);
    expect((await read('messages')).messages).toEqual([]);
    expect((await read('requests')).requests).toEqual([]);
  });

  it('take several faults at once and clear them', async () => {
    await control('POST', 'faults', [
      { route: 'bots/post', mode: 'hang' },
      { route: 'pictures', mode: 'hang' },
    ]);
    expect((await read('faults')).faults).toHaveLength(2);
    expect((await control('DELETE', 'faults')).status).toBe(204);
    expect((await read('faults')).faults).toEqual([]);
  });

  it('set and take away the callback address, and never show it', async () => {
    expect((await control('PUT', 'callback', { url: 'http://127.0.0.1:1/secret-path' })).status).toBe(204);
    const state = await read('state');
    expect(state.bots).toMatchObject([{ callback: true }]);
    expect(JSON.stringify(state)).not.toContain('secret-path');
    expect((await control('PUT', 'callback', { url: null })).status).toBe(204);
    expect((await read('state')).bots).toMatchObject([{ callback: false }]);
  });

  it.each([
    ['POST', 'faults', { route: 'nowhere', mode: 'hang' }, 'route'],
    ['POST', 'messages', { name: 'Kim' }, 'text'],
    ['POST', 'messages', { name: '', text: 'hi' }, 'name'],
    ['POST', 'messages', { name: 'Kim', text: 'hi', groupId: '7' }, 'group'],
    ['PUT', 'callback', { url: 'nowhere' }, 'url'],
    ['POST', 'faults', undefined, 'JSON'],
  ])('say what is wrong: %s %s %j', async (method, path, body, named) => {
    const answer = await control(method, path, body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(named);
  });

  it('stream what happens', async () => {
    const stop = new AbortController();
    const answer = await fetch(`${simulator.url}/_simulator/events`, { signal: stop.signal });
    const chunks: string[] = [];
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of answer.body ?? []) {
        chunks.push(decoder.decode(chunk));
        if (chunks.join('').includes('event: message')) break;
      }
    })();
    await simulator.postAsMember({ name: 'Kim', text: 'live' });
    await reading;
    stop.abort();
    const line = chunks
      .join('')
      .split('\n')
      .find((candidate) => candidate.includes('"live"'));
    expect(JSON.parse(line?.replace('data: ', '') ?? '')).toMatchObject({
      type: 'message',
      message: { text: 'live', sender_type: 'user' },
    });
  });

  it('are not among the requests', async () => {
    await control('POST', 'reset');
    await read('state');
    await fetch(simulator.url);
    expect((await read('requests')).requests).toEqual([]);
  });
});

describe('the command', () => {
  it('runs as a process of its own, says where it is, and ends on SIGTERM', async () => {
    const child = spawn(process.execPath, [MAIN, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    try {
      const lines: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        lines.push(line);
        if (line.startsWith('group id')) break;
      }
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(lines[0] ?? '')?.[0];
      if (url === undefined) throw new Error(`no address in: ${lines.join(' | ')}`);
      expect((await call(url, 'GET', 'state')).status).toBe(200);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exited).toEqual([0, null]);
  });

  it('explains itself, and says what is wrong with its arguments', async () => {
    const run = async (...args: string[]) => {
      const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      const output: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
      const [code] = await once(child, 'close');
      return { code, output: Buffer.concat(output).toString() };
    };
    expect(await run('--help')).toMatchObject({ code: 0, output: expect.stringContaining('--callback-url') });
    expect(await run('--port', 'x')).toMatchObject({ code: 1, output: expect.stringContaining('--port') });
  });
});
