import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerStartOptions } from './types.ts';

/** What a node of a cluster shares with the others, and where they find it. */
export interface NodePlace {
  readonly name: string;
  readonly distPort: number;
  readonly epmdPort: number;
  readonly cookie: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Ports {
  readonly amqpPort: number;
  readonly distPort: number;
  readonly epmdPort: number;
  readonly managementPort: number;
}

/** Writes the configuration and returns what every RabbitMQ command of ours needs in its environment to follow it. */
export async function prepareFolder(
  root: string,
  ports: Ports,
  node: Pick<NodePlace, 'name'> & Partial<NodePlace>,
  options: BrokerStartOptions,
): Promise<NodeJS.ProcessEnv> {
  const at = (name: string) => join(root, name);
  await Promise.all([at('data'), at('log'), at('home')].map((folder) => mkdir(folder, { recursive: true })));
  await writeFile(
    at('rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${ports.amqpPort}`,
      'log.file = false',
      'log.console = true',
      'log.console.level = info',
      'disk_free_limit.absolute = 50MB',
      // The default reserves half a gigabyte of write-ahead log.
      'raft.wal_max_size_bytes = 67108864',
      // 128 MiB, as it was before version 4: what a deployment may have set is what hostile senders may use.
      'max_message_size = 134217728',
      ...(options.management
        ? [`management.tcp.port = ${ports.managementPort}`, 'management.tcp.ip = 127.0.0.1']
        : []),
      ...(options.config ?? []),
      '',
    ].join('\n'),
  );
  await writeFile(at('enabled_plugins'), options.management ? '[rabbitmq_management].\n' : '[].\n');
  await writeFile(at('rabbitmq-env.conf'), '');
  const cookie = join(root, 'home', '.erlang.cookie');
  // A secret of its own: nobody else's Erlang can join this node. Kept, since it cannot be overwritten (0400).
  await writeFile(cookie, node.cookie ?? randomBytes(16).toString('hex'), { flag: 'wx' }).catch(
    ignoreExisting,
  );
  await chmod(cookie, 0o400);
  return {
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    HOME: at('home'),
    RABBITMQ_NODENAME: node.name,
    ...(node.env ?? {}),
    RABBITMQ_DIST_PORT: String(ports.distPort),
    RABBITMQ_MNESIA_BASE: at('data'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'),
    RABBITMQ_CONF_ENV_FILE: at('rabbitmq-env.conf'),
    // The defaults allocate tables for a million processes and five million atoms: two of the five seconds of a start.
    RABBITMQ_SERVER_ERL_ARGS: '+P 131072 +t 1048576 +sbwt none +sbwtdcpu none +sbwtdio none',
    ERL_EPMD_PORT: String(ports.epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // The start script then becomes the server, instead of staying before it as a parent.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}
