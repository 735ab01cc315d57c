import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestBed, type TestBed } from './test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await createTestBed();
  await bed.launch({ CONSOLE_URL: 'https://console.example.org/' });
  await bed.addPost('0a1b2c3d/1 & more', { sender: '+12075550101' });
});
afterAll(() => bed.dispose());

it.each([
  ['!who 0a1b2c3d/1', '/messages/0a1b2c3d%2F1%20%26%20more'],
  ['!stats', '/statistics'],
  ['!stats today', '/statistics'],
  ['!status', '/'],
])('%s ends with a link to the console', async (command, path) => {
  const { reply, result } = await bed.type(command);
  expect([result, reply.split('\n').at(-1)]).toEqual(['done', `https://console.example.org${path}`]);
});

it('an answer that finds nothing has no link', async () => {
  for (const command of ['!who ffffffff', '!ping', '!help']) {
    expect((await bed.type(command)).reply).not.toContain('console.example.org');
  }
});
