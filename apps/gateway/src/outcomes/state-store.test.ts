import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postEvent } from '@wbor/contracts';
import { afterAll, expect, it } from 'vitest';
import { openSpool } from '../spool/spool.ts';
import { createMessageStates, MAX_STATES } from './message-states.ts';
import { createStateStore } from './state-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'states-'));
afterAll(() => rmSync(folder, { recursive: true }));

function open() {
  const spool = openSpool(join(folder, 'spool.sqlite'), 1_000_000);
  const store = createStateStore(spool.database);
  return {
    store,
    states: createMessageStates(store),
    stop() {
      store.close();
      spool.close();
    },
  };
}

it('what became of a message is known after a restart, for a day', () => {
  const first = open();
  first.states.offered('queued', 'ups', 'queued');
  first.states.hear(Buffer.from(JSON.stringify({ ...postEvent.example, wbor_message_id: 'delivered' })));
  first.store.save('old', {
    source: 'ups',
    status: 'delivered',
    delivered: [1],
    at: Date.now() - 25 * 60 * 60 * 1_000,
  });
  first.stop();
  const second = open();
  expect(second.states.get('queued')).toMatchObject({ source: 'ups', status: 'queued' });
  expect(second.states.get('delivered')).toMatchObject({
    source: 'twilio',
    status: 'delivered',
    delivered: [1],
  });
  expect(second.states.get('old')).toBeUndefined();
  second.stop();
});

it('no more are read at the start than are kept in memory, and of those the newest', () => {
  const first = open();
  const at = Date.now() - 60_000;
  const state = { source: 'ups', status: 'delivered', delivered: [1] } as const;
  const changes = 3 * MAX_STATES + 1;
  for (let index = 0; index < changes; index += 1)
    first.store.save(`m${index}`, { ...state, at: at + index });
  first.stop();
  const second = open();
  const ids = [...second.store.load(at - 1)].map(([id]) => id);
  expect(ids).toHaveLength(changes - 1);
  expect([ids[0], ids.at(-1)]).toEqual(['m1', `m${changes - 1}`]);
  second.stop();
});

it('what stands in the table of before is taken over', () => {
  const file = join(folder, 'before.sqlite');
  const before = openSpool(file, 1_000_000);
  before.database.exec(`
    CREATE TABLE message_states (
      wbor_message_id TEXT PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX message_states_at ON message_states (at);
    INSERT INTO message_states VALUES ('m', '{"source":"ups","status":"queued","delivered":[],"at":5}', 5);
  `);
  before.close();
  for (let start = 0; start < 2; start += 1) {
    const spool = openSpool(file, 1_000_000);
    const store = createStateStore(spool.database);
    expect([...store.load(0)]).toEqual([['m', { source: 'ups', status: 'queued', delivered: [], at: 5 }]]);
    store.close();
    spool.close();
  }
});
