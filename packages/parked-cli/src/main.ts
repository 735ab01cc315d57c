import { connectBroker } from '@wbor/amqp';
import { errorMessage } from '@wbor/async';
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
import { parseParkedCommand, runParkedCommand, USAGE, UsageError } from './command.ts';

const settings = z.object(brokerSettings()).check(requireBroker);

async function main(): Promise<number> {
  const command = parseParkedCommand(process.argv.slice(2));
  if (command === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const config = parseConfig(settings, process.env);
  const namespace = brokerNamespace(config);
  const broker = await connectBroker({
    ...brokerAddress(config),
    appId: 'parked',
    topology: deriveTopology(relayQueues, namespace),
    logger: createLogger({ name: 'parked', level: 'warn', pretty: process.stderr.isTTY === true }),
  });
  try {
    const queue = command.queue ?? queueName(relayParkedQueue, namespace);
    return await runParkedCommand(command, broker, queue, (text) => process.stdout.write(text));
  } finally {
    await broker.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`parked: ${errorMessage(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(USAGE);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
