import type { BrokerInspection } from '@wbor/amqp';
import { messageCatalogue, type Namespace, ownExchange, queueName } from '@wbor/contracts';
import { type ServiceName, serviceFacts } from '../services.ts';
import { type Check, type Finding, fault, ok } from '../types.ts';
import { withBrokers } from './with-broker.ts';

/** Whether the user of each service may do what the service does. What it may declare, the checks of exchanges and queues say. */
export const rights: Check = {
  name: 'rights',
  summary: 'what the user at the broker may write and read',
  run(patient) {
    return withBrokers(patient, async (inspection, { namespace, services }) => {
      const findings = services.map(async (service) => {
        const [unwritable, unreadable] = await Promise.all([
          listUnwritable(service, inspection, namespace),
          listUnreadable(service, inspection, namespace),
        ]);
        const faults: Finding[] = [];
        if (unwritable.length > 0) {
          faults.push(
            fault(
              service,
              `its user may not publish ${unwritable.join(', ')}`,
              'give the user write permission there: `rabbitmqctl set_permissions`, and `set_topic_permissions` where there are such',
            ),
          );
        }
        if (unreadable.length > 0) {
          faults.push(
            fault(
              service,
              `its user may not read ${unreadable.join(', ')}`,
              'give the user read permission on these queues: `rabbitmqctl set_permissions`',
            ),
          );
        }
        return faults.length > 0 ? faults : [ok(service, 'may write and read what it has to')];
      });
      return (await Promise.all(findings)).flat();
    });
  },
};

async function listUnwritable(
  service: ServiceName,
  inspection: BrokerInspection,
  namespace: Namespace,
): Promise<string[]> {
  const { parkedQueue, publishesAs } = serviceFacts[service];
  const published = Object.values(messageCatalogue).filter(
    ({ publishers }) => publishesAs !== undefined && publishers.includes(publishesAs),
  );
  const targets = published.map(({ exchange, key }) =>
    exchange === 'default'
      ? { exchange: '', key: queueName({ name: key }, namespace) }
      : { exchange: namespace.exchange, key },
  );
  if (parkedQueue) {
    // A service that may not write into every queue parks through an exchange of its own.
    const exchange =
      service === 'relay' || service === 'console' ? '' : ownExchange(service, [parkedQueue], namespace).name;
    targets.push({ exchange, key: queueName(parkedQueue, namespace) });
  }
  const answers = await Promise.all(
    targets.map(async (target) => ({
      ...target,
      answer: await inspection.tryToWrite(target.exchange, target.key),
    })),
  );
  return answers.filter(({ answer }) => answer.is === 'refused').map(({ key }) => key);
}

async function listUnreadable(
  service: ServiceName,
  inspection: BrokerInspection,
  namespace: Namespace,
): Promise<string[]> {
  const queues = serviceFacts[service].consumedQueues
    // From another one a message would be taken.
    .filter(({ singleActiveConsumer }) => singleActiveConsumer)
    .map((queue) => queueName(queue, namespace));
  const answers = await Promise.all(
    queues.map(async (queue) => ({ queue, answer: await inspection.tryToRead(queue) })),
  );
  return answers.filter(({ answer }) => answer.is === 'refused').map(({ queue }) => queue);
}
