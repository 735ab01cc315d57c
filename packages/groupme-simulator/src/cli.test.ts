import { expect, it } from 'vitest';
import { parseCli } from './cli.ts';

it('has defaults for everything', () => {
  expect(parseCli([])).toEqual({ help: false, host: '127.0.0.1', port: 5400, callbackUrl: undefined });
});

it('takes all options', () => {
  expect(
    parseCli(['--port', '0', '--host', '0.0.0.0', '--callback-url', 'http://127.0.0.1:2000/callback/x']),
  ).toEqual({ help: false, host: '0.0.0.0', port: 0, callbackUrl: 'http://127.0.0.1:2000/callback/x' });
});

it.each([
  [['--port', 'many'], '--port'],
  [['--port', '70000'], '--port'],
  [['--callback-url', 'nowhere'], '--callback-url'],
  [['--colour', 'blue'], '--colour'],
  [['stray'], 'stray'],
])('names the wrong argument: %j', (args, named) => {
  expect(() => parseCli(args)).toThrow(named);
});
