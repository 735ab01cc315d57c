import { queueName } from '@wbor/contracts';
import { serviceFacts } from '../services.ts';
import { type Check, type Finding, ok, warning } from '../types.ts';
import { withBrokers } from './with-broker.ts';

/** What could not be forwarded, and waits for a person. */
export const parked: Check = {
  name: 'parked',
  summary: 'messages that could not be forwarded',
  run(patient) {
    return withBrokers(patient, async (inspection, { namespace, services }) => {
      const findings = services.map(async (service): Promise<Finding[]> => {
        const { parkedQueue } = serviceFacts[service];
        if (parkedQueue === undefined) return [];
        const name = queueName(parkedQueue, namespace);
        const found = await inspection.lookAtQueue(name);
        if (found === undefined) return [];
        if (found.messages === 0) return [ok(name, 'is empty')];
        return [
          warning(
            name,
            `parked messages: ${found.messages}`,
            `look at them with \`npm run parked -- list --queue ${name}\`, then \`replay\` or \`discard\``,
          ),
        ];
      });
      return (await Promise.all(findings)).flat();
    });
  },
};
