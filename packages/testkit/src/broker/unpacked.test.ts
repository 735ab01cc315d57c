import { expect, test } from 'vitest';
import { moveErlang } from './unpacked.ts';

test('a moved Erlang is looked for where its script stands', () => {
  const script = `if [ -z "$ERL_ROOTDIR" ]
then
    ROOTDIR=/usr/lib/erlang
    if [ "$dyn_rootdir" != "$ROOTDIR" ] && [ "$dyn_rootdir" != "" ]
    then
        ROOTDIR=/usr/lib/erlang
    fi
else
    ROOTDIR="/usr/lib/erlang"
fi
BINDIR="$ROOTDIR/erts-13.1.5/bin"
`;
  const moved = moveErlang(script);
  expect(moved).not.toContain('/usr/lib/erlang');
  expect(moved.split('\n').filter((line) => line.includes('readlink'))).toHaveLength(3);
  expect(moved).toContain('BINDIR="$ROOTDIR/erts-13.1.5/bin"');
});

test('a script that we do not know is not run as it is', () => {
  expect(() => moveErlang('ROOTDIR=/opt/erlang\n')).toThrow(/not as expected/);
});
