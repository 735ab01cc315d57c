import type { Fault } from '@wbor/groupme-simulator';
import { waitFor } from '@wbor/testkit';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

let system: SystemUnderTest;

afterEach(() => system?.stop());

const GROUP = '90000001';

async function start(relayEnv: Record<string, string>): Promise<void> {
  system = await startSystemUnderTest({
    brokerUrl: inject('brokerUrl'),
    databaseUrl: inject('databaseUrl'),
    relayEnv: { GROUPME_GROUP_ID: GROUP, ...relayEnv },
  });
  // From here on the relay knows that echoes come.
  await system.publish('source.standard.x', { body: 'first', source: 'x', wbor_message_id: 'first' });
  await waitFor(async () => (await system.count('groupme_echoes')) === 1, { what: 'the first echo' });
}

/** Rows of a message's calls, in order. */
async function calls(messageId: string): Promise<{ outcome: string; evidence: string | null }[]> {
  const { rows } = await system.database.query(
    `SELECT outcome, evidence, code FROM groupme_posts WHERE wbor_message_id = $1 ORDER BY attempt`,
    [messageId],
  );
  return rows;
}

async function publishUnder(fault: Fault, messageId: string): Promise<void> {
  system.simulator.setFault(fault);
  await system.publish('source.standard.x', { body: 'doubtful', source: 'x', wbor_message_id: messageId });
  await system.publish('source.standard.x', {
    body: 'after',
    source: 'x',
    wbor_message_id: `${messageId}-after`,
  });
  await waitFor(() => system.posts().some((post) => post.startsWith('"after"')), {
    what: 'the message behind',
    timeoutMs: 40_000,
  });
  await waitFor(
    async () => (await system.count('groupme_posts', `wbor_message_id = '${messageId}-after'`)) === 1,
    {
      what: 'its row',
    },
  );
}

const doubtful = () => system.posts().filter((post) => post.startsWith('"doubtful"')).length;

const acceptedWithoutAnswer: Fault = { route: 'bots/post', times: 1, mode: 'accept-then-reset' };
const acceptedWithAnError: Fault = { route: 'bots/post', times: 1, mode: 'accept-then-status', status: 500 };
const notAccepted: Fault = { route: 'bots/post', times: 1, mode: 'status', status: 500 };

describe('a post whose outcome is unknown', () => {
  it.each([
    ['the connection was reset', acceptedWithoutAnswer],
    ['GroupMe answered 500', acceptedWithAnError],
  ])('is not repeated when its echo comes, though %s', async (_what, fault) => {
    await start({ EVIDENCE_READ_BACK: 'false' });
    await publishUnder(fault, 'd1');
    expect(doubtful()).toBe(1);
    expect(await calls('d1')).toMatchObject([{ outcome: 'delivered', evidence: 'echo' }]);
  });

  it('is not repeated when the group shows it', async () => {
    await start({ EVIDENCE_ECHO: 'false' });
    await publishUnder(acceptedWithoutAnswer, 'd2');
    expect(doubtful()).toBe(1);
    expect(await calls('d2')).toMatchObject([{ outcome: 'delivered', evidence: 'read-back' }]);
  });

  it('is posted again when nothing shows it', async () => {
    await start({});
    await publishUnder(notAccepted, 'd3');
    expect(doubtful()).toBe(1);
    expect(await calls('d3')).toMatchObject([
      { outcome: 'unknown', evidence: 'none', code: 500 },
      { outcome: 'delivered', evidence: null },
    ]);
  });

  it('is repeated once when every way to find out is switched off', async () => {
    await start({ EVIDENCE_ECHO: 'false', EVIDENCE_READ_BACK: 'false' });
    await publishUnder(acceptedWithoutAnswer, 'd4');
    expect(doubtful()).toBe(2);
    expect(await calls('d4')).toMatchObject([
      { outcome: 'unknown', evidence: 'none' },
      { outcome: 'delivered', evidence: null },
    ]);
  });

  it('is found in the chat by the relay that takes over from a killed one', async () => {
    await start({ EVIDENCE_READ_BACK: 'false' });
    system.simulator.setFault({ route: 'bots/post', times: 1, mode: 'accept-then-hang' });
    await system.publish('source.standard.x', { body: 'doubtful', source: 'x', wbor_message_id: 'd5' });
    await waitFor(() => doubtful() === 1, { what: 'the post' });
    // Killed while it waits for the answer; the echo is in the journal by the time the next one comes.
    await waitFor(async () => (await system.count('groupme_echoes')) === 2, { what: 'its echo' });
    await system.killAndRestart('relay');
    await system.publish('source.standard.x', { body: 'after', source: 'x', wbor_message_id: 'd5-after' });
    await waitFor(() => system.posts().some((post) => post.startsWith('"after"')), {
      what: 'the message behind',
    });
    expect(doubtful()).toBe(1);
    await waitFor(async () => (await calls('d5')).length === 1, { what: 'the row of the call' });
    expect(await calls('d5')).toMatchObject([{ outcome: 'delivered', evidence: 'echo' }]);
  });

  it('is told apart from the same text sent on purpose', async () => {
    await start({});
    const twice = (id: string) =>
      system.publish('source.standard.x', {
        body: 'twice',
        source: 'x',
        format: 'plain',
        wbor_message_id: id,
      });
    await twice('t1');
    await waitFor(() => system.posts().includes('twice'), { what: 'the first' });
    system.simulator.setFault(notAccepted);
    await twice('t2');
    await waitFor(() => system.posts().filter((post) => post === 'twice').length === 2, {
      what: 'the second',
      timeoutMs: 30_000,
    });
  });
});

describe('a post that GroupMe accepts and does not show', () => {
  it('is reported, once a later one was echoed', async () => {
    await start({ DISPLAY_TIMEOUT_SECONDS: '2' });
    system.simulator.setFault({ route: 'callback', times: 1, mode: 'reset' });
    await system.publish('source.standard.x', { body: 'unseen', source: 'x', wbor_message_id: 'u1' });
    await waitFor(() => system.posts().some((post) => post.startsWith('"unseen"')), { what: 'the post' });
    // GroupMe's times are whole seconds: the later one must be a second later.
    await waitFor(() => Date.now() % 1000 > 900, { what: 'the second to end', intervalMs: 10 });
    await waitFor(() => Date.now() % 1000 < 500, { what: 'the next second', intervalMs: 10 });
    await system.publish('source.standard.x', { body: 'seen', source: 'x', wbor_message_id: 'u2' });
    const line = await system
      .service('relay')
      .waitForLog((entry) => String(entry.msg).includes('has not shown it'));
    expect(line).toMatchObject({ wbor_message_id: 'u1', part: 1 });
    const metrics = await (await fetch(`${system.service('relay').healthUrl}/metrics`)).text();
    expect(metrics).toContain('relay_posts_undisplayed_total 1');
  });
});
