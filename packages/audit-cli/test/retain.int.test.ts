import { expect, it } from 'vitest';
import { openAuditDatabase, runAudit } from './audit-bed.ts';

const ROWS = `
  insert into groupme_posts (event_id, occurred_at, wbor_message_id, payload)
    values (gen_random_uuid(), now() - interval '4 months', 'old', '{}'), (gen_random_uuid(), now(), 'new', '{}');
  insert into groupme_callbacks (event_id, occurred_at, text, payload)
    values (gen_random_uuid(), now() - interval '91 days', 'old', '{}'), (gen_random_uuid(), now(), 'new', '{}')`;

it('keeps the audit for ever and the chat for 90 days, unless it is told otherwise', async () => {
  const { pool, url } = await openAuditDatabase();
  await pool.query(ROWS);
  const preview = await runAudit({ DATABASE_URL: url }, 'retain', '--dry-run');
  expect(preview).toMatchObject({ code: 0, stdout: 'would delete 1 rows of groupme_callbacks\n' });
  const done = await runAudit({ DATABASE_URL: url }, 'retain');
  expect(done).toMatchObject({ code: 0, stderr: '', stdout: 'deleted 1 rows of groupme_callbacks\n' });
  const again = await runAudit({ DATABASE_URL: url, AUDIT_RETENTION: '2 months' }, 'retain');
  expect(again.stdout).toContain('deleted 1 rows of groupme_posts\n');
  expect(again.stdout).toMatch(/made groupme_posts_\d{4}_\d\d/);
  const { rows } = await pool.query('select wbor_message_id from groupme_posts');
  expect(rows).toEqual([{ wbor_message_id: 'new' }]);
});

it('says that it must be the owner, and removes nothing that it was not clearly told to', async () => {
  const { pool, url } = await openAuditDatabase();
  await pool.query(ROWS);
  const role = `${new URL(url).pathname.slice(1)}_reader`;
  await pool.query(
    `create role ${role} login password 'x'; grant select on all tables in schema public to ${role}`,
  );
  try {
    const asReader = new URL(url);
    asReader.username = role;
    asReader.password = 'x';
    const refused = await runAudit({ DATABASE_URL: asReader.href }, 'retain');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('only the owner') });
    const unclear = await runAudit({ DATABASE_URL: url, AUDIT_RETENTION: '1 month' }, 'retain');
    expect(unclear).toMatchObject({ code: 1, stderr: expect.stringContaining('AUDIT_RETENTION') });
    expect((await pool.query('select from groupme_callbacks')).rowCount).toBe(2);
  } finally {
    await pool.query(`drop owned by ${role}; drop role ${role}`);
  }
});
