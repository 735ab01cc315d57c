import { messageOf, TestkitError } from '../errors.ts';
import { startContainerBroker } from './container.ts';
import { useExternalBroker } from './external.ts';
import { findRabbitmqInstallation } from './installation.ts';
import { startInstalledBroker } from './installed.ts';
import type { BrokerStartOptions, TestBroker } from './types.ts';
import { unpackRabbitmq } from './unpacked.ts';

/**
 * Brings up a real RabbitMQ, from the first of these that exists: `RABBITMQ_URL`; a RabbitMQ installed on this
 * machine, started for us alone; a Docker engine; on Debian or Ubuntu its package, unpacked into the user's cache. It ends
 * with this process, however that ends.
 * @throws TestkitError `NO_BROKER` naming these ways when none works, `BOOT_FAILED`, `DATA_IN_USE`.
 */
export async function startBroker(options: BrokerStartOptions = {}): Promise<TestBroker> {
  const url = process.env.RABBITMQ_URL ?? '';
  if (url !== '' && !options.private) return await useExternalBroker(url);

  const installed = await findRabbitmqInstallation();
  if (installed !== undefined) return await startInstalledBroker(installed, options);

  const reasons = ['no rabbitmq-server is installed'];
  const container = await startContainerBroker(options);
  if ('broker' in container) return container.broker;
  reasons.push(`Docker: ${container.reason}`);

  const unpacked = await unpackRabbitmq(options.onProgress).catch(messageOf);
  if (typeof unpacked !== 'string') return await startInstalledBroker(unpacked, options);
  reasons.push(`apt-get: ${unpacked}`);

  throw new TestkitError(
    'NO_BROKER',
    [
      'There is no RabbitMQ to work with. One of these is enough:',
      '  - RABBITMQ_URL=amqp://user:password@host:5672 in the environment',
      '  - an installed rabbitmq-server (it need not run): sudo apt-get install rabbitmq-server',
      '  - a running Docker engine',
      '  - Debian or Ubuntu, with a network in which apt-get reaches its sources: nothing is installed',
      `Tried: ${reasons.join('; ')}.`,
    ].join('\n'),
  );
}
