import { z } from 'zod';
import type { Environment } from '../environment.ts';
import { readPart } from '../patient.ts';
import { type ServiceName, serviceFacts } from '../services.ts';
import { type Check, type Finding, fault, ok, skipped, warning } from '../types.ts';

const TIMEOUT_MS = 5_000;
const FIX = 'docs/operations.md says under "What you see, and what to do" what that is';

const answerSchema = z.object({
  status: z.string(),
  faults: z.array(z.object({ name: z.string(), reason: z.string() })),
  notices: z.array(z.object({ name: z.string(), notice: z.string() })),
});

/** What each service that runs on this machine says of itself. */
export const readiness: Check = {
  name: 'readiness',
  summary: 'what /readyz of each service on this machine says',
  async run({ environments }) {
    return (await Promise.all([...environments].map(([service, env]) => look(service, env)))).flat();
  },
};

async function look(service: ServiceName, env: Environment): Promise<Finding[]> {
  const { HEALTH_HOST, HEALTH_PORT } = serviceFacts[service].settings.shape;
  const config = readPart(z.object({ HEALTH_HOST, HEALTH_PORT }), env);
  if (config === undefined) return [];
  const address = addressOf(config.HEALTH_HOST, config.HEALTH_PORT);
  let body: unknown;
  try {
    const response = await fetch(`http://${address}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    body = await response.json().catch(() => undefined);
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      return [
        fault(
          service,
          `${address} takes connections and does not answer`,
          'the process hangs: look at its log, then restart it',
        ),
      ];
    }
    return [skipped(service, `nothing answers at ${address}: it does not run, or not on this machine`)];
  }
  const answer = answerSchema.safeParse(body);
  if (!answer.success) {
    return [
      fault(
        service,
        `something else answers at ${address}`,
        'set HEALTH_PORT to a port of its own, and restart the service',
      ),
    ];
  }
  const { faults, notices } = answer.data;
  const findings = [
    ...faults.map(({ name, reason }) => fault(service, `not ready, ${name}: ${reason}`, FIX)),
    ...notices.map(({ name, notice }) => warning(service, `${name}: ${notice}`, FIX)),
  ];
  return findings.length > 0 ? findings : [ok(service, 'ready')];
}

/** One that listens everywhere is asked here. */
function addressOf(host: string, port: number): string {
  const here = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `${here.includes(':') ? `[${here}]` : here}:${port}`;
}
