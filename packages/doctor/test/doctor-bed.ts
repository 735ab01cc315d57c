import { auditQueues, deriveTopology, moderatorQueues, type Namespace, relayQueues } from '@wbor/contracts';
import { type App, buildEnvironments, createReleases, type System, startSystem } from '@wbor/start-system';
import {
  connectAmqp,
  createDatabase,
  createNamespace,
  startBroker,
  type TestBroker,
  type TestDatabase,
} from '@wbor/testkit';
import { checks } from '../src/checks/index.ts';
import type { Environment } from '../src/environment.ts';
import { examine } from '../src/examine.ts';
import { createPatient } from '../src/patient.ts';
import { redactResult } from '../src/render.ts';
import { createSecretsRedactor } from '../src/secrets.ts';
import type { ServiceName } from '../src/services.ts';
import type { Check, CheckResult, Status } from '../src/types.ts';

/** A deployment in which nothing is wrong, and what takes something wrong for one look at it. */
export interface DoctorBed {
  readonly broker: TestBroker;
  readonly system: System;
  readonly database: TestDatabase;
  /** Settings of each service as it runs. */
  readonly environments: Readonly<Record<ServiceName, Environment>>;
  /** Names under which all queues are declared, and nobody works. */
  readonly idle: Namespace;
  stop(): Promise<void>;
}

const PROCESSES: Readonly<Record<App, App>> = {
  relay: 'relay',
  gateway: 'gateway',
  'audit-logger': 'audit-logger',
  moderator: 'moderator',
  console: 'console',
};

export async function startDoctorBed(databaseServer: string, folder: string): Promise<DoctorBed> {
  const releases = createReleases();
  const broker = await startBroker({ private: true });
  releases.add(() => broker.dispose());
  const database = await createDatabase(databaseServer);
  releases.add(() => database.drop());
  const around = { brokerUrl: broker.url, databaseUrl: database.url, namespace: createNamespace() };
  const files = { SPOOL_FILE: `${folder}/spool.sqlite` };
  const system = await startSystem({ ...around, processes: PROCESSES, env: { gateway: files }, releases });
  const gatewayPort = Number(new URL(system.gatewayUrl).port);
  const told = buildEnvironments({ ...around, gatewayPort, simulator: system.simulator });
  const withPort = (name: App): Environment => ({
    ...told[name],
    HEALTH_PORT: new URL(system.service(name).healthUrl).port,
  });
  const idle = createNamespace();
  await declare(broker.url, idle);
  return {
    broker,
    system,
    database,
    idle,
    environments: {
      relay: withPort('relay'),
      gateway: { ...withPort('gateway'), ...files },
      'audit-logger': withPort('audit-logger'),
      moderator: withPort('moderator'),
      console: { ...withPort('console'), CONSOLE_PORT: new URL(system.consoleUrl).port },
    },
    stop: () => releases.releaseAll(),
  };
}

async function declare(url: string, namespace: Namespace): Promise<void> {
  const connection = await connectAmqp(url);
  const channel = await connection.createChannel();
  await channel.assertExchange(namespace.exchange, 'topic');
  for (const queue of deriveTopology([...relayQueues, ...auditQueues, ...moderatorQueues], namespace)
    .queues) {
    await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
  }
  await connection.close();
}

/** What the doctor says, as `main.ts` prints it. */
export async function runDoctor(
  environments: ReadonlyMap<ServiceName, Environment>,
  options: { nowMs?: () => number; timeoutMs?: number; also?: readonly Check[] } = {},
): Promise<CheckResult[]> {
  const patient = createPatient(environments, options.nowMs);
  const redact = createSecretsRedactor(environments);
  try {
    const wanted = [...checks.filter(({ sends }) => !sends), ...(options.also ?? [])];
    const results: CheckResult[] = [];
    const limit = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
    for await (const result of examine(patient, wanted, limit)) results.push(redactResult(result, redact));
    return results;
  } finally {
    await patient.close();
  }
}

/** One line each: `check | about | text | fix`. */
export function linesOf(results: readonly CheckResult[], status: Status): string[] {
  return results.flatMap(({ check, findings }) =>
    findings
      .filter((finding) => finding.status === status)
      .map(({ about, fix, text }) => [check, about, text, fix].join(' | ')),
  );
}
