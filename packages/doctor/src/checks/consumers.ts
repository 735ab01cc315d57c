import { queueName } from '@wbor/contracts';
import { serviceFacts } from '../services.ts';
import { type Check, type Finding, fault, ok } from '../types.ts';
import { withBrokers } from './with-broker.ts';

/** Whether somebody reads what is to be read. */
export const consumers: Check = {
  name: 'consumers',
  summary: 'whether each queue is read, and how many messages wait in it',
  run(patient) {
    return withBrokers(patient, async (inspection, { namespace, services }) => {
      const read = services.flatMap((service) =>
        serviceFacts[service].consumedQueues.map((queue) => ({ service, name: queueName(queue, namespace) })),
      );
      const findings = await Promise.all(
        read.map(async ({ name, service }): Promise<Finding[]> => {
          const found = await inspection.lookAtQueue(name);
          // The check of the queues says so.
          if (found === undefined) return [];
          const waiting = found.messages === 1 ? '1 message waits' : `${found.messages} messages wait`;
          if (found.consumers > 0) return [ok(name, `is read; ${waiting}`)];
          return [
            fault(
              name,
              `nobody reads the queue; ${waiting} in it`,
              `start the ${service}; when it runs, its /readyz says why it does not read (docs/operations.md)`,
            ),
          ];
        }),
      );
      return findings.flat();
    });
  },
};
