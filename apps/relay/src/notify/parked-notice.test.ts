import type { PlannedMessage } from '@wbor/contracts';
import { expect, it } from 'vitest';
import { createParkedNotice, type ParkedMessage } from './parked-notice.ts';

const logger = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Parameters<
  typeof createParkedNotice
>[0]['logger'];

/** Two hours of the clock that are over. */
const HOUR_MS = 3_600_000;
const FIRST_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
const SECOND_MS = FIRST_MS + HOUR_MS;

function createBed() {
  const sent: { planned: PlannedMessage; planId: string; text: string | undefined }[] = [];
  let failing = false;
  function open(consoleUrl?: string) {
    return createParkedNotice({
      consoleUrl,
      outbox: {
        async putLow(planned, planId) {
          if (failing) throw new Error('the broker is away');
          sent.push({ planned, planId, text: planned.parts[0]?.text });
        },
      },
      logger,
    });
  }
  const notice = open();
  return {
    sent,
    open,
    fail(value: boolean) {
      failing = value;
    },
    async say(message: Partial<ParkedMessage>, by = notice) {
      by.say({ source: 'ups', reason: 'empty', parkedAtMs: FIRST_MS, ...message });
      await by.drain(1_000);
    },
  };
}

it('says it once per source and hour, with source and reason in words', async () => {
  const { say, sent } = createBed();
  await say({});
  await say({ reason: 'too-long', parkedAtMs: SECOND_MS - 1 });
  await say({ source: 'twilio', reason: 'rejected' });
  await say({ parkedAtMs: SECOND_MS });
  expect(sent.map(({ text }) => text?.split('.')[0])).toEqual([
    'A message of ups was not posted, or not all of it: it has neither text nor an image',
    'A message of twilio was not posted, or not all of it: GroupMe rejected it',
    'A message of ups was not posted, or not all of it: it has neither text nor an image',
  ]);
  for (const { text } of sent) expect(text).toContain('`parked list`');
});

it('ends with a link to the console, where there is one', async () => {
  const { open, say, sent } = createBed();
  await say({}, open('https://console.example.org'));
  expect(sent[0]?.text).toMatch(/\(Said once an hour\.\) https:\/\/console\.example\.org\/parked$/);
});

it('gives a notice the id that another relay gives it, which posts it once', async () => {
  const { open, say, sent } = createBed();
  await say({});
  await say({ reason: 'too-long' }, open());
  await say({ parkedAtMs: SECOND_MS }, open());
  const [first, again, later] = sent;
  expect(again?.planId).toBe(first?.planId);
  expect(later?.planId).not.toBe(first?.planId);
});

it('says no more than thirteen things an hour, whatever the sources are called', async () => {
  const { say, sent } = createBed();
  for (let number = 0; number < 10_000; number += 1) await say({ source: `made up ${number}` });
  expect(sent).toHaveLength(13);
  expect(sent.at(-1)?.text).toContain('Messages of other sources');
});

it('says it again when it could not be said', async () => {
  const { fail, say, sent } = createBed();
  fail(true);
  await say({});
  fail(false);
  await say({});
  expect(sent).toHaveLength(1);
});

it('is not silenced by a clock that is ahead, or by old news', async () => {
  const { say, sent } = createBed();
  await say({ source: 'ahead', parkedAtMs: Date.now() + 1_000 * HOUR_MS });
  await say({ source: 'old' });
  await say({ source: 'now', parkedAtMs: Date.now() });
  expect(sent.map(({ text }) => /of (\w+) /.exec(String(text))?.[1])).toEqual(['ahead', 'now']);
});

it.each([
  ['two\nlines', 'two lines'],
  ['\u202eturned', 'turned'],
  ['x'.repeat(10_000), 'x'.repeat(40)],
  ['é'.repeat(100), 'é'.repeat(40)],
  ['https://example.org/x', 'https example.org x'],
  ['---UID---', '-UID-'],
  ['@everyone', 'everyone'],
])('bounds and flattens a name: %j', async (source, shown) => {
  const { say, sent } = createBed();
  await say({ source });
  expect(sent[0]?.text).toContain(`A message of ${shown} was not posted`);
});

it('knows a source however its name is written', async () => {
  const { say, sent } = createBed();
  for (const source of ['ups', 'UPS', ' Ups', 'ups ']) await say({ source });
  expect(sent).toHaveLength(1);
});

it('knows no name', async () => {
  const { say, sent } = createBed();
  await say({ source: undefined, reason: 'novel' });
  await say({ source: '\u0000', parkedAtMs: SECOND_MS });
  expect(sent.map(({ text }) => text?.split('.')[0])).toEqual([
    'A message was not posted, or not all of it: the reason is novel',
    'A message was not posted, or not all of it: it has neither text nor an image',
  ]);
});
