import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { TestkitError } from '../errors.ts';
import { libraryPath, unpackPackages } from '../unpack-packages.ts';
import { findEpmd, type RabbitmqInstallation, readInstallation } from './installation.ts';

/**
 * Debian's RabbitMQ and Erlang, unpacked into a folder of the user's cache instead of installed.
 * @throws TestkitError `COMMAND_FAILED`
 */
export async function unpackRabbitmq(onProgress?: (step: string) => void): Promise<RabbitmqInstallation> {
  const folder = await unpackPackages({
    name: 'rabbitmq-server',
    // Erlang looks for its libraries in one folder only.
    together: 'erlang-*',
    prepare: async (fresh) => {
      const erl = join(fresh, 'usr/lib/erlang/bin/erl');
      await writeFile(erl, moveErlang(await readFile(erl, 'utf8')));
    },
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const erlang = join(folder, 'usr/lib/erlang');
  const found = readInstallation(join(folder, 'usr/lib/rabbitmq/bin/rabbitmq-server'));
  if (found === undefined) {
    throw new TestkitError('COMMAND_FAILED', `no usable rabbitmq-server in ${folder}; remove that folder`);
  }
  return {
    ...found,
    origin: `unpacked in ${folder}`,
    epmdPath: await findEpmd([erlang]),
    env: {
      PATH: [join(erlang, 'bin'), process.env.PATH].join(delimiter),
      LD_LIBRARY_PATH: await libraryPath(folder),
    },
  };
}

/**
 * Debian's `erl` knows Erlang's folder by heart, and is deaf to `ERL_ROOTDIR`. Ours looks where it stands itself.
 * @throws TestkitError `COMMAND_FAILED` when the script is not as expected.
 */
export function moveErlang(script: string): string {
  const moved = script.replace(
    /\bROOTDIR="?\/usr\/lib\/erlang"?$/gm,
    'ROOTDIR="$(readlink -f "$(dirname "$0")/..")"',
  );
  if (moved === script) {
    throw new TestkitError('COMMAND_FAILED', "cannot move Erlang: its script 'erl' is not as expected");
  }
  return moved;
}
