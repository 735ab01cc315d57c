import { UsageError } from '@wbor/command-line';
import { describe, expect, it } from 'vitest';
import { parseParkedCommand } from './command.ts';

describe('parked command line', () => {
  it('reads actions, ids and filters', () => {
    expect(parseParkedCommand(['list', '--json'])).toMatchObject({ action: 'list', ids: [], json: true });
    expect(parseParkedCommand(['replay', 'a', 'b'])).toMatchObject({ action: 'replay', ids: ['a', 'b'] });
    expect(parseParkedCommand(['discard', '--reason', 'empty'])).toMatchObject({
      action: 'discard',
      reason: 'empty',
    });
    expect(parseParkedCommand(['replay', '--all'])).toMatchObject({ action: 'replay', ids: [] });
  });

  it.each([[[]], [['--help']], [['list', '-h']]])('shows help for %j', (argv) => {
    expect(parseParkedCommand(argv)).toBe('help');
  });

  it.each([
    [['replay']],
    [['discard']],
    [['discard', 'a', '--all']],
    [['show']],
    [['show', 'a', 'b']],
    [['list', 'a']],
    [['delete', 'a']],
    [['list', '--colour']],
  ])('refuses %j instead of guessing', (argv) => {
    expect(() => parseParkedCommand(argv)).toThrow(UsageError);
  });
});
