import type { BrokerInspection } from '@wbor/amqp';
import type { BrokerSeen, Patient } from '../patient.ts';
import { type Finding, skipped } from '../types.ts';

/** Runs a check on each broker that answers; why another does not, the check of the broker says. */
export async function withBrokers(
  { brokers }: Pick<Patient, 'brokers'>,
  look: (inspection: BrokerInspection, seen: BrokerSeen) => Promise<Finding[]>,
): Promise<Finding[]> {
  const findings = brokers.map(async (seen) => {
    let inspection: BrokerInspection;
    try {
      inspection = await seen.inspect();
    } catch {
      return [skipped(seen.services.join(', '), 'no connection to the broker')];
    }
    return look(inspection, seen);
  });
  return (await Promise.all(findings)).flat();
}
