import { createDatabase as createKysely, migrateToLatest } from '@wbor/database';
import { parseConfig } from '@wbor/service';
import { createTestServiceContext } from '@wbor/service/testing';
import { createDatabase, createNamespace, deleteNamespace, freePort } from '@wbor/testkit';
import pg from 'pg';
import { inject } from 'vitest';
import type { Role } from '../src/auth/roles.ts';
import { createSessionStore } from '../src/auth/session-store.ts';
import { signInRules } from '../src/auth/sign-in-rules.ts';
import { consoleSettings } from '../src/config.ts';
import { startConsole } from '../src/start.ts';

export const PASSWORD = 'test-password-of-the-console';

/** A console on a broker namespace and a migrated database of its own. */
export type TestBed = Awaited<ReturnType<typeof createTestBed>>;

/** Somebody's browser, as far as HTTP goes: it keeps cookies, and says where its forms stand. */
export type Visitor = ReturnType<TestBed['visitor']>;

export async function createTestBed(env: Readonly<Record<string, string>> = {}) {
  const namespace = createNamespace();
  const database = await createDatabase(inject('databaseUrl'));
  await migrateToLatest({ connectionString: database.url });
  const pool = new pg.Pool({ connectionString: database.url });
  pool.on('error', () => undefined);
  const service = createTestServiceContext();
  const port = env.CONSOLE_PORT ?? String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const config = parseConfig(consoleSettings, {
    RABBITMQ_URL: inject('brokerUrl'),
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    DATABASE_URL: database.url,
    CONSOLE_HOST: '127.0.0.1',
    CONSOLE_PORT: port,
    CONSOLE_PASSWORD: PASSWORD,
    ...env,
  });
  await startConsole(config, service.context);

  const { close, db } = createKysely({ connectionString: database.url, maxConnections: 2 });

  function visitor() {
    const cookies = new Map<string, string>();

    async function send(path: string, init: RequestInit = {}): Promise<Response> {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = new Headers({ accept: 'text/html', cookie });
      for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
      const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init, headers });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
      return response;
    }

    const post = (
      path: string,
      fields: Readonly<Record<string, string>>,
      headers: Record<string, string> = {},
    ) =>
      send(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: url, ...headers } });

    return {
      cookies,
      get: (path: string, headers: Record<string, string> = {}) => send(path, { headers }),
      post,
      /** What the page Now hears. */
      watch: (signal: AbortSignal) => send('/live', { signal }),
      /** The token that forms of this session carry. */
      async csrf(): Promise<string> {
        const page = await (await send('/account')).text();
        return /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
      },
      /** Sends a form of ours. */
      async submit(path: string, fields: Readonly<Record<string, string>> = {}): Promise<Response> {
        return post(path, { ...fields, csrf: await this.csrf() });
      },
    };
  }

  return {
    namespace,
    databaseUrl: database.url,
    pool,
    service,
    url,
    visitor,
    /** Somebody with a session. The form is for the tests of the form: it takes a few attempts a minute. */
    async signedIn(name = 'Ann', role: Role = 'operator', rules = signInRules(config)) {
      const somebody = visitor();
      const sessions = createSessionStore(db, { maxAgeMs: 3_600_000, rules });
      const subject = `password:${name.toLowerCase()}`;
      somebody.cookies.set('wbor-console', await sessions.start({ name, role, subject, way: 'password' }));
      return somebody;
    },
    async dispose() {
      await service.stop();
      await close();
      await pool.end();
      await database.drop();
      await deleteNamespace(inject('brokerUrl'), namespace);
    },
  };
}
