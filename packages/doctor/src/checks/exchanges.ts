import { relaySettings } from '@wbor/relay/config';
import { z } from 'zod';
import { readPart } from '../patient.ts';
import { type Check, type Finding, fault, ok, warning } from '../types.ts';
import { withBrokers } from './with-broker.ts';

const foreignPart = z.object({ NOTIFICATIONS_EXCHANGE: relaySettings.shape.NOTIFICATIONS_EXCHANGE });

/** The exchange that all share, and those of other programs. */
export const exchanges: Check = {
  name: 'exchanges',
  summary: 'the exchange of the services, and those of other programs',
  run(patient) {
    return withBrokers(patient, async (inspection, { namespace, services }) => {
      const { exchange } = namespace;
      const findings: Finding[] = [];
      const answer = await (namespace.isDeclared
        ? inspection.lookAtExchange(exchange)
        : inspection.compareExchange(exchange));
      if (answer.is === 'ok') findings.push(ok(exchange, 'a durable topic exchange'));
      else if (answer.is === 'missing') {
        findings.push(
          fault(
            exchange,
            `the exchange is not there: ${services.join(', ')} never ran on this broker`,
            'correct RABBITMQ_EXCHANGE and the virtual host; or start the services, which declare it, or with RABBITMQ_DECLARE=false import what `npm run rights` writes',
          ),
        );
      } else if (answer.is === 'refused') {
        findings.push(
          fault(
            exchange,
            `the user of ${services.join(', ')} may not declare the exchange: ${answer.detail}`,
            'give the user configure permission on it (`rabbitmqctl set_permissions`), or set RABBITMQ_DECLARE=false',
          ),
        );
      } else {
        findings.push(
          fault(
            exchange,
            `the exchange is of another kind: ${answer.detail}`,
            'delete it when nothing else uses it, or name another one in RABBITMQ_EXCHANGE for all services',
          ),
        );
      }
      if (!services.includes('relay')) return findings;
      const foreign = readPart(foreignPart, patient.environments.get('relay'))?.NOTIFICATIONS_EXCHANGE ?? [];
      for (const name of foreign) {
        const found = await inspection.lookAtExchange(name);
        findings.push(
          found.is === 'ok'
            ? ok(name, 'is there')
            : warning(
                name,
                'an exchange of NOTIFICATIONS_EXCHANGE is not there: its program has never run on this broker, or is called otherwise',
                'start the program that declares it, or correct NOTIFICATIONS_EXCHANGE',
              ),
        );
      }
      return findings;
    });
  },
};
