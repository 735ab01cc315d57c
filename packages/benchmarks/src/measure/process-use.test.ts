import { expect, test } from 'vitest';
import { parseCpuMs, parseMemoryMiB } from './process-use.ts';

const STAT =
  '4711 (node (main) x) S 1 4711 4711 0 -1 4194560 9000 0 3 0 120 30 4 5 20 0 11 0 812 1000000 20000 184467';

test('CPU time is the own and that of ended children, whatever the program is called', () => {
  expect(parseCpuMs(STAT)).toBe((120 + 30 + 4 + 5) * 10);
});

test('of a process that is gone nothing is known', () => {
  expect(parseCpuMs('')).toBeUndefined();
  expect(parseMemoryMiB('', 'VmRSS')).toBeUndefined();
});

test('memory is told in MiB', () => {
  const status = 'Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n';
  expect(parseMemoryMiB(status, 'VmHWM')).toBe(200);
  expect(parseMemoryMiB(status, 'VmRSS')).toBe(100);
});
