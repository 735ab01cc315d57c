import { BrokerConfigurationError, describeNodes, findLostNodes } from '@wbor/amqp';
import { describeError } from '../describe-error.ts';
import type { BrokerSeen } from '../patient.ts';
import { type Check, type Finding, fault, ok } from '../types.ts';

/** Dead letters that are not lost on the way came with this one. */
const LEAST_VERSION = [3, 10] as const;

/** Whether the broker is there, and takes us. */
export const broker: Check = {
  name: 'broker',
  summary: 'the broker: reachable, user, password, virtual host, version, alarms',
  async run({ brokers }) {
    return (await Promise.all(brokers.map(look))).flat();
  },
};

async function look(seen: BrokerSeen): Promise<Finding[]> {
  const services = seen.services.join(', ');
  let inspection: Awaited<ReturnType<BrokerSeen['inspect']>>;
  try {
    inspection = await seen.inspect();
  } catch (error) {
    return [refusal(seen, services, error)];
  }
  const { product, version } = inspection;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1])) {
    const least = LEAST_VERSION.join('.');
    return [fault(services, `${product} ${version} is too old`, `use RabbitMQ ${least} or newer`)];
  }
  const writing = await inspection.tryToWrite('', 'doctor');
  if (writing.is === 'blocked') {
    return [
      fault(
        services,
        `the broker has blocked publishing (resource alarm): ${writing.detail}`,
        'free memory or disk on the machine of the broker; see which queue is long, and who does not read it',
      ),
    ];
  }
  return [
    ok(services, `${product} ${version} at ${describeNodes(seen.address)}`),
    ...(await lostNodes(seen, services)),
  ];
}

/** Of a cluster each node is worth a look: the services get along without one. */
async function lostNodes({ address }: BrokerSeen, services: string): Promise<Finding[]> {
  const lost = await findLostNodes(address);
  return lost.map(({ error, node }) =>
    fault(
      services,
      `a node of the cluster, ${node}, is not reached: ${describeError(error)}`,
      'start the node, see `rabbitmqctl cluster_status` on another one; or correct its address in RABBITMQ_URLS',
    ),
  );
}

function refusal(seen: BrokerSeen, services: string, error: unknown): Finding {
  const at = describeNodes(seen.address);
  if (error instanceof BrokerConfigurationError && error.code === 'ACCESS_REFUSED') {
    return fault(
      services,
      `the broker at ${at} refuses the user or the password`,
      'correct the user and the password in RABBITMQ_URL, or RABBITMQ_USER and RABBITMQ_PASS; the user `guest` may connect from its own machine only',
    );
  }
  if (error instanceof BrokerConfigurationError && error.code === 'NO_VHOST') {
    return fault(
      services,
      `the broker at ${at} does not open this virtual host: it is not there, or the user may not use it`,
      'correct RABBITMQ_VHOST, or the end of RABBITMQ_URL; or make it: `rabbitmqctl add_vhost`, `rabbitmqctl set_permissions`',
    );
  }
  if (error instanceof BrokerConfigurationError && error.code === 'TLS_REFUSED') {
    return fault(
      services,
      error.message,
      'give the authority that signed the broker’s certificate in RABBITMQ_CA_FILE, our own certificate in RABBITMQ_CERT_FILE and RABBITMQ_KEY_FILE; see the dates of both',
    );
  }
  return fault(
    services,
    `the broker at ${at} cannot be reached: ${describeError(error)}`,
    'start the broker; or correct its address, RABBITMQ_URL, RABBITMQ_URLS, or RABBITMQ_HOST and RABBITMQ_PORT; see whether a firewall is between',
  );
}
