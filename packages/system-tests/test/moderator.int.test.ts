import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { repoRoot, waitFor } from '@wbor/testkit';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

let system: SystemUnderTest;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (inject('chromiumMissing')) return;
  system = await startSystemUnderTest({
    brokerUrl: inject('brokerUrl'),
    databaseUrl: inject('databaseUrl'),
    moderator: true,
  });
  browser = await chromium.launch({
    executablePath: inject('chromiumPath'),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });
  page = await browser.newPage({ viewport: { width: 900, height: 1000 } });
  await page.goto(system.simulator.url);
  await page.getByTestId('compose-name').fill('Station manager');
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

beforeEach((context) => {
  const missing = inject('chromiumMissing');
  if (missing) context.skip(`no browser: ${missing}`);
});

const SENDER = '+12075550123';

/** An SMS as the SMS service publishes it. */
async function sms(body: string): Promise<{ id: string; uid: string }> {
  const uid = randomBytes(4).toString('hex');
  const id = `${uid}-1111-4222-8333-444455556666`;
  await system.publish('source.twilio.sms.incoming', { From: SENDER, Body: body, wbor_message_id: id });
  return { id, uid };
}

const shown = (text: string | RegExp) => page.getByTestId('message').filter({ hasText: text });

async function say(text: string): Promise<void> {
  await page.getByTestId('compose-text').fill(text);
  await page.getByTestId('compose-send').click();
}

const waitForRow = (table: string, where: string) =>
  waitFor(async () => (await system.count(table, where)) === 1, {
    what: `one row in ${table} where ${where}`,
    timeoutMs: 30_000,
  });

/** `SCREENSHOTS=1` renews the pictures of the documentation. */
async function picture(name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  await page.screenshot({ path: join(repoRoot, 'docs', 'images', `${name}.png`) });
}

describe('the chat answers back', () => {
  it('tells who it was, counts, bans and unbans, in a real browser', async () => {
    const first = await sms('Play the song with the rude title');
    await shown('Play the song with the rude title').waitFor();
    // The moderator asks Postgres, which has it a moment after the chat.
    await waitForRow('groupme_messages', `wbor_message_id = '${first.id}'`);

    await say(`!who ${first.uid}`);
    await shown(/from …0123, not banned\./).waitFor();
    await say(`!stats <${first.uid.toUpperCase()}>`);
    await shown(/^[\s\S]*…0123: 1 message, 0 images\./).waitFor();
    await picture('moderator-who-and-stats');

    await say(`!ban ${first.uid} 2h keeps on being rude`);
    await shown(/Banned …0123 until/).waitFor();
    const second = await sms('You cannot read this');
    await waitForRow('groupme_posts', `wbor_message_id = '${second.id}' and outcome = 'blocked'`);
    await say('!bans');
    await shown(/1 ban:\n?…0123/).waitFor();
    await picture('moderator-ban');

    await say('!unban 0123');
    await shown('Unbanned …0123').waitFor();
    const third = await sms('Sorry. Thank you for the music');
    await shown('Sorry. Thank you for the music').waitFor();
    expect(await shown('You cannot read this').count()).toBe(0);
    await picture('moderator-unban');

    await waitForRow('groupme_posts', `wbor_message_id = '${third.id}' and outcome = 'delivered'`);
    await waitFor(async () => (await system.count('groupme_commands', "result = 'done'")) === 5, {
      what: 'all commands in Postgres',
      timeoutMs: 30_000,
    });
    const { rows: commands } = await system.database.query(
      'select command, caller_name from groupme_commands order by occurred_at',
    );
    expect(commands).toEqual(
      ['who', 'stats', 'ban', 'bans', 'unban'].map((command) => ({
        command,
        caller_name: 'Station manager',
      })),
    );
    await waitForRow('groupme_ban_changes', "action = 'unban'");
    const { rows: changes } = await system.database.query(
      'select action, sender, about, reason from groupme_ban_changes order by version',
    );
    expect(changes).toEqual([
      { action: 'ban', sender: SENDER, about: first.id, reason: 'keeps on being rude' },
      { action: 'unban', sender: SENDER, about: first.id, reason: 'keeps on being rude' },
    ]);
    // What was blocked is counted, and so is what was not.
    const { rows: counts } = await system.database.query(
      'select messages, blocked from stats_by_sender where sender = $1',
      [SENDER],
    );
    expect(counts).toEqual([{ messages: '3', blocked: '1' }]);
    expect(system.posts().join('\n')).not.toContain(SENDER);
  });

  it('does nothing for a callback with a wrong secret', async () => {
    const before = await system.count('moderator_handled');
    const answer = await fetch(`${system.gatewayUrl}/callback/a-wrong-secret`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        id: '1',
        group_id: system.simulator.groupId,
        user_id: '1',
        sender_type: 'user',
        text: '!clear',
        created_at: Math.floor(Date.now() / 1000),
      }),
    });
    expect(answer.status).toBe(404);
    await say('!ping after it');
    await shown('Pong! UID: after').waitFor();
    expect(await system.count('moderator_handled')).toBe(before + 1);
  });
});
