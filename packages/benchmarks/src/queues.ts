import { connectBroker } from '@wbor/amqp';
import type { Topology } from '@wbor/contracts';
import { createLogger } from '@wbor/service';
import type { World } from './world.ts';

/** Declares queues as the service does that is not running. */
export async function declareQueues(world: World, topology: Topology): Promise<void> {
  const logger = createLogger({ name: 'bench', level: 'warn' });
  const broker = await connectBroker({ url: world.servers.brokerUrl, appId: 'bench', topology, logger });
  await broker.close();
}
