import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createDatabase, ensureTemplate, startPostgres } from '../src/index.ts';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a Postgres that is stopped comes back on its port with its data', async () => {
  const postgres = await startPostgres({ private: true });
  onTestFinished(() => postgres.dispose());
  await query(postgres.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await postgres.stop();
  await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  await postgres.start();
  expect(await query(postgres.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('a template is filled once, however many ask, and every database is a copy of its own', async () => {
  const name = `template_${crypto.randomUUID().replaceAll('-', '')}`;
  let filled = 0;
  const fill = async (url: string) => {
    filled += 1;
    await query(url, 'CREATE TABLE things (id int)');
  };
  await Promise.all([1, 2, 3].map(() => ensureTemplate(inject('databaseUrl'), name, fill)));
  expect(filled).toBe(1);

  const [first, second] = await Promise.all([
    createDatabase(inject('databaseUrl'), name),
    createDatabase(inject('databaseUrl'), name),
  ]);
  await query(first.url, 'INSERT INTO things VALUES (1)');
  expect(await query(first.url, 'SELECT id FROM things')).toEqual([{ id: 1 }]);
  expect(await query(second.url, 'SELECT id FROM things')).toEqual([]);
  await Promise.all([first.drop(), second.drop()]);
  await expect(query(first.url, 'SELECT 1')).rejects.toThrow(/does not exist/);
  await query(inject('databaseUrl'), `DROP DATABASE ${name}`);
});

test('a template whose filling fails leaves nothing behind', async () => {
  const name = `template_${crypto.randomUUID().replaceAll('-', '')}`;
  const refuse = () => Promise.reject(new Error('no such migration'));
  await expect(ensureTemplate(inject('databaseUrl'), name, refuse)).rejects.toThrow('no such migration');
  await expect(createDatabase(inject('databaseUrl'), name)).rejects.toThrow(/does not exist/);
});
