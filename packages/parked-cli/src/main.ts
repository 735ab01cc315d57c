import { connectBroker } from '@wbor/amqp';
import { runCommandLine } from '@wbor/command-line';
import { deriveTopology, queueName, relayParkedQueue, relayQueues } from '@wbor/contracts';
import {
  brokerAddress,
  brokerNamespace,
  brokerSettings,
  createLogger,
  parseConfig,
  requireBroker,
} from '@wbor/service';
import { z } from 'zod';
import { type ParkedCommand, parseParkedCommand, runParkedCommand, USAGE } from './command.ts';

const settings = z.object(brokerSettings()).check(requireBroker);

async function run(command: ParkedCommand): Promise<number> {
  const config = parseConfig(settings, process.env);
  const namespace = brokerNamespace(config);
  const broker = await connectBroker({
    ...brokerAddress(config),
    appId: 'parked',
    topology: deriveTopology(relayQueues, namespace),
    logger: createLogger({ name: 'parked', level: 'warn', pretty: process.stderr.isTTY === true }),
  });
  try {
    const name = command.queue ?? queueName(relayParkedQueue, namespace);
    return await runParkedCommand(
      command,
      broker,
      { name, namespace },
      (text) => process.stdout.write(text),
      (text) => process.stderr.write(text),
    );
  } finally {
    await broker.close();
  }
}

process.exitCode = await runCommandLine({ name: 'parked', usage: USAGE, parse: parseParkedCommand, run });
