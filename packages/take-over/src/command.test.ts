import { UsageError } from '@wbor/command-line';
import { expect, it } from 'vitest';
import { parseTakeOverCommand } from './command.ts';

const parse = (line: string) => parseTakeOverCommand(line.split(' ').filter((word) => word !== ''));

it('reads the direction and the queues', () => {
  expect(parse('forward --twilio a --standard b')).toEqual({ action: 'forward', twilio: 'a', standard: 'b' });
  expect(parse('back --standard b --twilio a')).toEqual({ action: 'back', twilio: 'a', standard: 'b' });
  expect(parse('finish')).toEqual({ action: 'finish' });
});

it.each(['', '--help', 'forward -h'])('shows help for "%s"', (line) => {
  expect(parse(line)).toBe('help');
});

it.each([
  'forward',
  'forward --twilio a',
  'back --twilio a --standard a',
  'forward x --twilio a --standard b',
  'finish --twilio a',
  'sideways',
  'forward --colour',
])('refuses "%s" instead of guessing', (line) => {
  expect(() => parse(line)).toThrow(UsageError);
});
