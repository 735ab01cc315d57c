import { openHandOver } from '@wbor/amqp';
import { runCommandLine } from '@wbor/command-line';
import { brokerAddress, brokerNamespace, brokerSettings, parseConfig, requireBroker } from '@wbor/service';
import { z } from 'zod';
import { parseTakeOverCommand, type TakeOverCommand, USAGE } from './command.ts';
import { takeOver } from './take-over.ts';

const settings = z.object(brokerSettings()).check(requireBroker);

async function run(command: TakeOverCommand): Promise<number> {
  const config = parseConfig(settings, process.env);
  const broker = await openHandOver(brokerAddress(config));
  try {
    return await takeOver(command, brokerNamespace(config), broker, (text) =>
      process.stdout.write(`${text}\n`),
    );
  } finally {
    await broker.close();
  }
}

process.exitCode = await runCommandLine({
  name: 'take-over',
  usage: USAGE,
  parse: parseTakeOverCommand,
  run,
});
