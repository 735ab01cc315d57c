import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Forwarding, forward } from '../forward.ts';

/** How a node is parted from the others: its connections are reset and refused, or nothing comes through them any more. */
export type Partition = 'cut' | 'stall';

/** The network between the nodes of a cluster. Clients and `rabbitmqctl` do not go through it. */
export interface ClusterNetwork {
  part(address: string, how: Partition): void;
  /** Undoes `part`: what was held back is forwarded. */
  join(address: string): void;
  close(): Promise<void>;
}

interface Link {
  readonly from: string;
  readonly to: string;
  readonly forwarding: Forwarding;
}

/** Loopback addresses by which the nodes know each other, and where each really listens, on 127.0.0.1. */
export interface NetworkNode {
  /** What stands before the @ of its name. */
  readonly alias: string;
  readonly address: string;
  readonly distPort: number;
}

/**
 * Stands before each node: on its address we take the place of epmd, and name a port of ours as the node's. A node calls from its
 * own address, which tells who calls.
 */
export async function openClusterNetwork(
  nodes: readonly NetworkNode[],
  epmdPort: number,
): Promise<ClusterNetwork> {
  const parted = new Map<string, Partition>();
  const links = new Set<Link>();
  const addresses = nodes.map(({ address }) => address);
  const servers: Server[] = [];

  function between(from: string, to: string): Partition | undefined {
    return addresses.includes(from) ? (parted.get(from) ?? parted.get(to)) : undefined;
  }

  function accept(client: Socket, { address: to, distPort }: NetworkNode): void {
    const from = client.remoteAddress ?? '';
    const partition = between(from, to);
    if (partition === 'cut') {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const forwarding = forward(client, connect(distPort, LOOPBACK), () => links.delete(link));
    const link = { from, to, forwarding };
    links.add(link);
    if (partition === 'stall') forwarding.pause();
  }

  async function listen(address: string, port: number, onSocket: (socket: Socket) => void): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, onSocket);
    server.listen(port, address);
    await once(server, 'listening');
    servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  for (const node of nodes) {
    const port = await listen(node.address, 0, (client) => accept(client, node));
    await listen(node.address, epmdPort, (client) => answerForEpmd(client, node, epmdPort, port));
  }
  return {
    part(address, how) {
      parted.set(address, how);
      for (const { forwarding, from, to } of links) {
        if ((from !== address && to !== address) || between(from, to) === undefined) continue;
        if (how === 'cut') forwarding.destroy();
        else forwarding.pause();
      }
    },
    join(address) {
      parted.delete(address);
      for (const { forwarding, from, to } of links) {
        if (between(from, to) === undefined) forwarding.resume();
      }
    },
    async close() {
      for (const { forwarding } of links) forwarding.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

const LOOPBACK = '127.0.0.1';
/** Of an answer to the question for a node's port: its first two bytes, and where the port stands in it. */
const PORT_FOUND = [119, 0] as const;
const PORT_OFFSET = 2;

/** Of the question: its length, then this, then the name. */
const PORT_PLEASE = 122;
const NAME_OFFSET = 3;

/** Asks the real epmd, and puts our port into what it says of our node. `rabbitmqctl` is a node here as well while it runs. */
function answerForEpmd(client: Socket, node: NetworkNode, epmdPort: number, port: number): void {
  const epmd = connect(epmdPort, LOOPBACK);
  let isOurs = false;
  client.on('error', () => undefined);
  client.once('data', (question) => {
    isOurs =
      question[NAME_OFFSET - 1] === PORT_PLEASE && question.toString('utf8', NAME_OFFSET) === node.alias;
  });
  client.pipe(epmd);
  epmd.on('error', () => client.destroy());
  epmd.on('data', (answer) => {
    if (isOurs && PORT_FOUND.every((byte, at) => answer[at] === byte)) {
      answer.writeUInt16BE(port, PORT_OFFSET);
    }
    client.write(answer);
  });
  epmd.on('close', () => client.end());
}
