import { execFile } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import { connectAmqp, repoRoot } from '@wbor/testkit';
import pg from 'pg';
import type { Servers } from './world.ts';

/** What figures depend on. */
export interface Machine {
  /** ISO 8601. */
  readonly date: string;
  /** Short, with a `+` when the sources were changed since; empty when it is not known. */
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
  readonly rabbitmq: string;
  readonly postgres: string;
  /** Of the minute before: what others did on the machine when it began. */
  readonly loadBefore: number;
}

export async function readMachine(servers: Servers): Promise<Machine> {
  return {
    date: new Date().toISOString(),
    commit: await readCommit(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.version,
    rabbitmq: await readBrokerVersion(servers.brokerUrl),
    postgres: await readPostgresVersion(servers.postgresUrl),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

async function readBrokerVersion(url: string): Promise<string> {
  const model = await connectAmqp(url);
  const { version } = model.connection.serverProperties;
  await model.close();
  return version;
}

async function readPostgresVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  await client.end();
  return rows[0]?.server_version ?? 'unknown';
}

/** The sources need be no clone of a repository. */
async function readCommit(): Promise<string> {
  const git = (...args: string[]) => promisify(execFile)('git', args, { cwd: repoRoot });
  try {
    const { stdout: commit } = await git('rev-parse', '--short', 'HEAD');
    const { stdout: changes } = await git('status', '--porcelain', '--untracked-files=no', '--', 'apps', 'packages');
    return `${commit.trim()}${changes === '' ? '' : '+'}`;
  } catch {
    return '';
  }
}
