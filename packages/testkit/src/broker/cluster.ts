import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyPair } from '../certificates.ts';
import { messageOf, TestkitError } from '../errors.ts';
import { lastingPort } from '../free-port.ts';
import { removeFolderAtEnd, spawnKept } from '../process/keep.ts';
import { waitFor } from '../wait.ts';
import { type NetworkNode, openClusterNetwork, type Partition } from './cluster-network.ts';
import { findRabbitmqInstallation } from './installation.ts';
import { type InstalledBroker, startInstalledBroker } from './installed.ts';
import type { NodePlace } from './node-folder.ts';
import type { TestBroker } from './types.ts';
import { unpackRabbitmq } from './unpacked.ts';

/** A node of a cluster. `stop`, `kill` and `start` are of this node alone. */
export interface ClusterNode extends InstalledBroker {
  readonly name: string;
  /** Where it takes connections with TLS, as `localhost`; undefined when it was not asked to. */
  readonly tlsUrl: string | undefined;
  /** Parts it from the others; its clients still reach it. */
  part(how: Partition): void;
  /** Joins it to the others again. Does not wait until it is back: see {@link TestCluster.untilWhole}. */
  join(): void;
  /** SIGSTOP, and SIGCONT: the machine stands still, and its connections stay open. */
  freeze(): void;
  thaw(): void;
}

/** Three or more nodes of RabbitMQ on this machine that are one cluster. */
export interface TestCluster {
  readonly nodes: readonly ClusterNode[];
  /** Waits until each node runs and sees each other one. Default 60 000 ms. */
  untilWhole(timeoutMs?: number): Promise<void>;
  /** The node that leads a quorum queue of the default virtual host, as the first node that answers says. */
  leaderOf(queue: string): Promise<ClusterNode>;
  dispose(): Promise<void>;
}

export interface ClusterStartOptions {
  /** Default 3. */
  readonly nodes?: number;
  /** After so many seconds of silence a node takes another one for gone; RabbitMQ's default is 60. Default 8. */
  readonly netTickSeconds?: number;
  /** Takes connections with TLS, too: of those only whose certificate this authority (PEM) has signed. */
  readonly tls?: { readonly server: KeyPair; readonly clientAuthority: string };
  readonly onProgress?: (step: string) => void;
}

const WHOLE_TIMEOUT_MS = 60_000;

/**
 * Starts a cluster that pauses a minority, from an installed RabbitMQ or Debian's package: Linux only, as it needs more than
 * one loopback address.
 *
 * @throws TestkitError `NO_BROKER`, `BOOT_FAILED`, `TIMEOUT`.
 */
export async function startCluster(options: ClusterStartOptions = {}): Promise<TestCluster> {
  const installation = (await findRabbitmqInstallation()) ?? (await unpackRabbitmq(options.onProgress));
  if (installation.epmdPath === undefined) throw new TestkitError('NO_BROKER', 'no epmd was found');
  const places = await choosePlaces(options.nodes ?? 3);
  const { epmdPort } = placeAt(places, 0);
  const epmd = await spawnKept(installation.epmdPath, ['-port', String(epmdPort), '-address', '127.0.0.1'], {
    stdio: 'ignore',
    env: installation.env,
    graceMs: 500,
  });
  const network = await openClusterNetwork(places, epmdPort);
  const names = places.map(({ name }) => name);
  const tls = options.tls === undefined ? undefined : await prepareTls(options.tls, places.length);
  const config = (index: number) => [
    'cluster_partition_handling = pause_minority',
    `net_ticktime = ${options.netTickSeconds ?? 8}`,
    'cluster_formation.peer_discovery_backend = classic_config',
    ...names.map((name, at) => `cluster_formation.classic_config.nodes.${at + 1} = ${name}`),
    ...(tls?.config(index) ?? []),
  ];
  const started = await Promise.allSettled(
    places.map((place, index) => startInstalledBroker(installation, { config: config(index) }, place)),
  );
  const brokers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));

  async function dispose(): Promise<void> {
    await Promise.all(brokers.map((broker) => broker.dispose()));
    await network.close();
    await epmd.kill();
    await tls?.remove();
  }

  const nodes = brokers.map((broker, index): ClusterNode => {
    const { address, name } = placeAt(places, index);
    const signal = (kind: NodeJS.Signals) => {
      if (broker.pid !== undefined) process.kill(broker.pid, kind);
    };
    return {
      ...broker,
      // A getter, which the spread has read.
      get pid() {
        return broker.pid;
      },
      name,
      tlsUrl: tls?.url(index),
      part: (how) => network.part(address, how),
      join: () => network.join(address),
      freeze: () => signal('SIGSTOP'),
      thaw: () => signal('SIGCONT'),
    };
  });

  const cluster: TestCluster = {
    nodes,
    async untilWhole(timeoutMs = WHOLE_TIMEOUT_MS) {
      await waitFor(() => isWhole(nodes, names), {
        timeoutMs,
        intervalMs: 200,
        what: 'all nodes of the cluster run and see each other',
      }).catch(async (error: unknown) => {
        throw new TestkitError('TIMEOUT', `${messageOf(error)}${await describeViews(nodes)}`);
      });
    },
    async leaderOf(queue) {
      const listed = await Promise.any(
        nodes
          .filter(({ pid }) => pid !== undefined)
          .map((node) => node.control('list_queues', 'name', 'leader')),
      );
      const leader = listed
        .split('\n')
        .find((line) => line.startsWith(`${queue}\t`))
        ?.split('\t')[1];
      const node = nodes.find(({ name }) => name === leader);
      if (node === undefined) throw new TestkitError('COMMAND_FAILED', `no node leads ${queue}`);
      return node;
    },
    dispose,
  };
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    await cluster.untilWhole();
  } catch (error) {
    await dispose();
    throw error;
  }
  return cluster;
}

type Place = NodePlace & NetworkNode;

async function choosePlaces(count: number): Promise<Place[]> {
  const epmdPort = await lastingPort();
  const cookie = randomBytes(16).toString('hex');
  const places: Place[] = [];
  for (let number = 1; number <= count; number += 1) {
    // A port of its own at an address of its own, so that clusters side by side do not meet.
    const distPort = await lastingPort();
    const address = `127.0.0.${10 + number}`;
    const alias = `wbor${number}`;
    places.push({
      alias,
      address,
      name: `${alias}@${address}`,
      distPort,
      epmdPort,
      cookie,
      env: nodeEnv(address),
    });
  }
  return places;
}

function nodeEnv(address: string): NodeJS.ProcessEnv {
  const tuple = (dotted: string) => `{${dotted.replaceAll('.', ',')}}`;
  return {
    RABBITMQ_USE_LONGNAME: 'true',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface ${tuple('127.0.0.1')} inet_dist_connect_options [{ip,${tuple(address)}}]`,
  };
}

function placeAt(places: readonly Place[], index: number): Place {
  const place = places[index];
  if (place === undefined) throw new RangeError(`no node ${index}`);
  return place;
}

/** Whether each node, asked by way of one of them, says that all of them run. */
async function isWhole([first]: readonly TestBroker[], names: readonly string[]): Promise<boolean> {
  const list = names.map((name) => `'${name}'`).join(',');
  const views = `[rpc:call(N, rabbit_nodes, all_running, [], 2000) || N <- [${list}]]`;
  const said = await first?.control(
    'eval',
    `lists:all(fun(V) -> is_list(V) andalso [${list}] -- V =:= [] end, ${views}).`,
  );
  return said?.trim() === 'true';
}

/** What each node knows of the others, for whoever has to find out why they are not one. */
async function describeViews(nodes: readonly ClusterNode[]): Promise<string> {
  const views = nodes.map(async (node) => {
    const view = await node
      .control(
        'eval',
        '{running, rabbit:is_running(), rabbit_nodes:all_running(), connected, nodes(), partitions, rabbit_node_monitor:partitions()}.',
      )
      .catch((error: unknown) => messageOf(error));
    const log = await node.readLog().catch((error: unknown) => messageOf(error));
    const last = log.trimEnd().split('\n').slice(-15).join('\n    ');
    return `\n${node.name}: ${view.replaceAll(/\s+/g, ' ')}\n    ${last}`;
  });
  return (await Promise.all(views)).join('');
}

async function prepareTls(
  { clientAuthority, server }: NonNullable<ClusterStartOptions['tls']>,
  count: number,
) {
  const folder = await mkdtemp(join(tmpdir(), 'wbor-tls-'));
  const keepFolder = removeFolderAtEnd(folder);
  const path = (name: string) => join(folder, name);
  await Promise.all([
    writeFile(path('clients.pem'), clientAuthority),
    writeFile(path('cert.pem'), server.cert),
    writeFile(path('key.pem'), server.key, { mode: 0o600 }),
  ]);
  const ports = await Promise.all(Array.from({ length: count }, () => lastingPort()));
  return {
    url: (index: number) => `amqps://guest:guest@localhost:${ports[index]}`,
    config: (index: number) => [
      `listeners.ssl.1 = 127.0.0.1:${ports[index]}`,
      `ssl_options.cacertfile = ${path('clients.pem')}`,
      `ssl_options.certfile = ${path('cert.pem')}`,
      `ssl_options.keyfile = ${path('key.pem')}`,
      'ssl_options.verify = verify_peer',
      'ssl_options.fail_if_no_peer_cert = true',
    ],
    async remove() {
      await rm(folder, { recursive: true, force: true });
      keepFolder();
    },
  };
}
