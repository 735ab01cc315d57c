import { queueName, relayJournalQueue, relayStandardQueue } from '@wbor/contracts';
import type { ServiceProcess } from '@wbor/testkit';
import type { GroupMeStandIn } from './groupme.ts';
import { createProducer, type Producer } from './producer.ts';
import type { Measured, Scenario, Variant } from './types.ts';
import type { World } from './world.ts';

/** What takes messages from the exchange to GroupMe: our relay, or the floor. */
export interface Forwarder {
  readonly groupme: GroupMeStandIn;
  readonly producer: Producer;
  /** The process that was started last. */
  readonly service: ServiceProcess;
  /** Starts a process, the one before it has ended; resolves once it is ready. */
  start(): Promise<void>;
  /** How many messages were published and have not reached GroupMe yet. */
  readonly backlog: number;
  /** Publishes so many more that `backlog` is this. */
  fill(backlog: number): Promise<void>;
  /** Processes whose use is told. */
  pids(): Readonly<Record<string, number | undefined>>;
}

export type Measure = (forwarder: Forwarder, world: World) => Promise<Measured>;

interface ForwardingScenario extends Omit<Scenario, 'ours' | 'floors'> {
  readonly measure: Measure;
  /** Done once, before the first round. */
  readonly prepare?: (forwarder: Forwarder, world: World) => Promise<void>;
  readonly relayEnv?: Readonly<Record<string, string>>;
  /** Default: the bare forwarder. */
  readonly floors?: readonly Variant[];
}

/** A scenario in which the relay and the bare forwarder do the same. */
export function forwardingScenario(options: ForwardingScenario): Scenario {
  const { measure, prepare, relayEnv = {}, floors, ...scenario } = options;
  const variant = (name: string, open: (world: World) => Promise<Forwarder>): Variant => ({
    name,
    async open(world) {
      const forwarder = await open(world);
      await forwarder.start();
      await prepare?.(forwarder, world);
      return () => measure(forwarder, world);
    },
  });
  return {
    ...scenario,
    ours: variant('relay', (world) => openRelay(world, relayEnv)),
    floors: floors ?? [variant('bare forwarder', openBareForwarder)],
  };
}

/** Nothing but what a relay cannot do without; see `floors/forwarder.ts`. */
async function openBareForwarder(world: World): Promise<Forwarder> {
  const namespace = world.createNamespace();
  const groupme = await world.startGroupMe();
  const env = {
    EXCHANGE: namespace.exchange,
    QUEUE: queueName(relayStandardQueue, namespace),
    LOG_QUEUE: queueName(relayJournalQueue, namespace),
    GROUPME_API_URL: groupme.apiUrl,
    GROUPME_IMAGE_URL: groupme.imageUrl,
    GROUPME_ACCESS_TOKEN: groupme.accessToken,
    GROUPME_BOT_ID: groupme.botId,
  };
  return createForwarder(world, {
    groupme,
    producer: await createProducer(world, namespace),
    async start() {
      const service = await world.spawnFloor('forwarder', env);
      await service.waitForLog(({ msg }) => msg === 'ready');
      return service;
    },
  });
}

async function openRelay(world: World, env: Readonly<Record<string, string>>): Promise<Forwarder> {
  const namespace = world.createNamespace();
  const groupme = await world.startGroupMe();
  return createForwarder(world, {
    groupme,
    producer: await createProducer(world, namespace),
    async start() {
      const unlimited = { GROUPME_RATE_PER_SECOND: '0' };
      const service = await world.spawnApp('relay', {
        namespace,
        groupme,
        env: { ...unlimited, ...env },
      });
      await service.waitUntilReady();
      return service;
    },
  });
}

function createForwarder(
  world: World,
  parts: {
    readonly groupme: GroupMeStandIn;
    readonly producer: Producer;
    readonly start: () => Promise<ServiceProcess>;
  },
): Forwarder {
  const { groupme, producer } = parts;
  let service: ServiceProcess | undefined;
  let published = 0;
  function* numbered(count: number) {
    for (let number = 0; number < count; number += 1) yield { body: `filled ${number}` };
  }
  const backlog = (): number => published - groupme.arrivals.length;
  const running = (): ServiceProcess => {
    if (service === undefined) throw new Error('nothing was started');
    return service;
  };
  return {
    groupme,
    producer: {
      publish(message) {
        published += 1;
        return producer.publish(message);
      },
      publishAll(messages) {
        const all = [...messages];
        published += all.length;
        return producer.publishAll(all);
      },
    },
    get service() {
      return running();
    },
    async start() {
      service = await parts.start();
    },
    get backlog() {
      return backlog();
    },
    async fill(wanted) {
      const missing = Math.max(0, wanted - backlog());
      published += missing;
      await producer.publishAll(numbered(missing));
    },
    pids: () => ({ service: running().pid, broker: world.servers.brokerPid }),
  };
}
