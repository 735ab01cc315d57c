import { expect, it } from 'vitest';
import { parseCommandLine, runCommandLine, UsageError } from './index.ts';

const usage = 'greet: says hello\n';

async function run(argv: readonly string[], work: () => Promise<number> = async () => 3) {
  const written = { out: '', err: '' };
  const code = await runCommandLine(
    {
      name: 'greet',
      usage,
      parse(args) {
        const { values } = parseCommandLine(args, { options: { help: { type: 'boolean', short: 'h' } } });
        return values.help ? 'help' : {};
      },
      run: work,
    },
    {
      argv,
      stdout: { write: (text) => (written.out += text) },
      stderr: { write: (text) => (written.err += text) },
    },
  );
  return { code, ...written };
}

it('gives the exit code of the command, and says nothing itself', async () => {
  expect(await run([])).toEqual({ code: 3, out: '', err: '' });
});

it.each(['--help', '-h'])('%s: the usage on stdout, and exit code 0', async (option) => {
  expect(await run([option])).toEqual({ code: 0, out: usage, err: '' });
});

it.each([['--hepl'], ['-x'], ['--help=yes'], ['word']])(
  '%s: one line on stderr, and exit code 2',
  async (word) => {
    const { code, err, out } = await run([word]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(new RegExp(`^greet: .*${word.split('=')[0]}.* \\(--help tells how it is used\\)\n$`));
  },
);

it('what goes wrong is exit code 1; what the command finds wrong with its line is 2', async () => {
  const failing = (error: Error) => run([], () => Promise.reject(error));
  expect(await failing(new Error('no broker'))).toEqual({ code: 1, out: '', err: 'greet: no broker\n' });
  expect(await failing(new UsageError('no name'))).toMatchObject({ code: 2 });
});
