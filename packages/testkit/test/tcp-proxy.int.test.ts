import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { startTcpProxy, type TcpProxy, waitFor } from '../src/index.ts';

let proxy: TcpProxy;
let received: string;
let directPort: number;

beforeEach(async () => {
  received = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk;
      socket.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  directPort = address.port;
  const created = await startTcpProxy({ target: { host: '127.0.0.1', port: address.port } });
  proxy = created;
  onTestFinished(async () => {
    await created.dispose();
    server.close();
  });
});

async function dial(port = proxy.port): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

test('forwards both ways', async () => {
  const socket = await dial();
  socket.write('hello');
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toBe('hello');
});

test('cut ends connections and refuses new ones; heal takes them again on the same port', async () => {
  const socket = await dial();
  const closed = once(socket, 'close');
  await proxy.cut();
  await closed;
  await expect(once(connect(proxy.port, '127.0.0.1'), 'connect')).rejects.toThrow(/ECONNREFUSED/);
  await proxy.heal();
  const again = await dial();
  again.write('back');
  expect(String((await once(again, 'data'))[0])).toBe('back');
});

test('stall keeps connections open and holds back what is sent until heal', async () => {
  const socket = await dial();
  socket.write('a');
  await once(socket, 'data');
  let answers = '';
  socket.on('data', (chunk) => {
    answers += chunk;
  });
  proxy.stall();
  socket.write('b');
  const second = await dial();
  second.write('c');
  // Round trips past the proxy: what it does not hold back has arrived when they are done.
  const direct = await dial(directPort);
  for (let trip = 0; trip < 20; trip += 1) {
    direct.write('.');
    await once(direct, 'data');
  }
  direct.destroy();
  expect(received.replaceAll('.', '')).toBe('a');
  expect(answers).toBe('');
  expect(socket.destroyed).toBe(false);
  await proxy.heal();
  await waitFor(() => answers === 'b' && received.includes('c'), { what: 'what was held back arrives' });
});

test('url leads through the proxy and keeps user, path and query', () => {
  const url = proxy.url('amqp://me:secret@broker.example:5672/vhost?heartbeat=5');
  expect(url).toBe(`amqp://me:secret@127.0.0.1:${proxy.port}/vhost?heartbeat=5`);
});
