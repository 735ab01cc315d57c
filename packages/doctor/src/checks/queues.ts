import { declaredQueues, deriveTopology, type QueueDefinition, serviceOf } from '@wbor/contracts';
import { type Check, type Finding, fault, ok } from '../types.ts';
import { withBrokers } from './with-broker.ts';

/** Every queue that a service declares at its start: a service does not start beside one that differs. */
export const queues: Check = {
  name: 'queues',
  summary: 'the queues: there, and with the arguments that this version needs',
  run(patient) {
    return withBrokers(patient, async (inspection, { namespace, services }) => {
      const definitions = new Set(
        services.flatMap((service): readonly QueueDefinition[] => declaredQueues[service]),
      );
      const declared = deriveTopology([...definitions], namespace).queues;
      const findings = await Promise.all(
        declared.map(async (queue): Promise<Finding[]> => {
          const answer = await inspection.compareQueue(queue);
          // Who may not declare a queue cannot compare its arguments.
          if (answer.is === 'ok' || (answer.is === 'refused' && namespace.isDeclared)) return [];
          const owner = serviceOf({ name: queue.name.slice(namespace.queuePrefix.length) });
          if (answer.is === 'missing') {
            return [
              fault(
                queue.name,
                'the queue is not there: what is published for it is lost or refused',
                `see that QUEUE_PREFIX is right; start the ${owner}, or start it again, which declares the queue; with RABBITMQ_DECLARE=false import what \`npm run rights\` writes`,
              ),
            ];
          }
          if (answer.is === 'refused') {
            return [
              fault(
                queue.name,
                `the user of ${services.join(', ')} may not declare the queue: ${answer.detail}`,
                'give the user configure permission on it (`rabbitmqctl set_permissions`), or set RABBITMQ_DECLARE=false',
              ),
            ];
          }
          return [
            fault(
              queue.name,
              `the queue has other arguments than this version needs: ${answer.detail}`,
              `stop what publishes to it, let the ${owner} of the version before empty it, delete the queue, and start the services: they declare it anew`,
            ),
          ];
        }),
      );
      const faults = findings.flat();
      return faults.length > 0
        ? faults
        : [ok(services.join(', '), `${declared.length} queues as they should be`)];
    });
  },
};
