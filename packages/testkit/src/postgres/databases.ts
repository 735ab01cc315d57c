import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, DatabaseError, escapeIdentifier } from 'pg';
import type { TestDatabase } from './types.ts';

/** An empty database of its own, or a copy of `template`, on the server of `serverUrl`. */
export async function createDatabase(serverUrl: string, template?: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const source = template === undefined ? '' : ` TEMPLATE ${escapeIdentifier(template)}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runSql(serverUrl, `CREATE DATABASE ${escapeIdentifier(name)}${source}`);
      break;
    } catch (error) {
      // Copying is refused while somebody is still connected to the template, which passes.
      if (!isInUse(error) || attempt === 100) throw error;
      await pause(100);
    }
  }
  return {
    name,
    url: databaseUrl(serverUrl, name),
    drop: () => runSql(serverUrl, `DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`),
  };
}

/**
 * Makes the database `name` once, however many processes ask, for {@link createDatabase} to copy. `fill` must have
 * closed its connections when it resolves. A failed `fill` leaves nothing behind.
 */
export async function ensureTemplate(
  serverUrl: string,
  name: string,
  fill: (url: string) => Promise<void>,
): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(hashtext('wbor testkit template'))");
    const existing = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (existing.rowCount !== 0) return;
    const draft = await createDatabase(serverUrl);
    try {
      await fill(draft.url);
      await client.query(
        `ALTER DATABASE ${escapeIdentifier(draft.name)} RENAME TO ${escapeIdentifier(name)}`,
      );
    } catch (error) {
      await draft.drop();
      throw error;
    }
  } finally {
    await client.end();
  }
}

/** Whether the server takes connections. */
export async function postgresAnswers(url: string): Promise<true> {
  await runSql(url, 'SELECT 1');
  return true;
}

function isInUse(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '55006';
}

async function runSql(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that goes away meanwhile must not end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
