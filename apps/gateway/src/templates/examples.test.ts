import { isAmqp, readFixtures } from '@wbor/source-fixtures';
import { expect, it } from 'vitest';
import { readHooksFile } from './hook-templates.ts';

const hooks = readHooksFile(new URL('../../examples/hooks.json', import.meta.url).pathname);

function say(name: string, body: unknown, headers: Record<string, string> = {}) {
  const template = hooks.get(name);
  if (!template) throw new Error(`there is no ${name}`);
  return template.render({ body, headers });
}

/** What programs send to `/hooks/NAME`. */
const calls = readFixtures().flatMap(({ chat, program, sends, what }) =>
  sends.flatMap((send) => {
    const [, name = ''] = isAmqp(send) ? [] : (/^\/hooks\/([\w-]+)/.exec(send.path) ?? []);
    return !isAmqp(send) && hooks.has(name) ? [{ ...send, chat, name, program, what }] : [];
  }),
);

it('has a call of each template', () => {
  expect(new Set(calls.map(({ name }) => name))).toEqual(new Set(hooks.keys()));
});

it.each(calls)('$program: $what', ({ body, chat, headers, name }) => {
  const { text } = say(name, JSON.parse(body), headers);
  // The relay puts quotes around it, and the UID below.
  expect(text === '' ? [] : [`"${text}"`]).toEqual(chat.map((post) => post.split('\n---UID---')[0]));
});

it('healthchecks.io: without tags', () => {
  expect(say('healthchecks', { name: 'Backup', status: 'up', tags: '' }).text).toBe('Backup is up');
});

it('healthchecks.io: a name with a quote in it, which its body does not bear', () => {
  const body = '{"name":"the "big" one","status":"down","tags":""}';
  expect(say('healthchecks', body).text).toBe(body);
});

it('GitHub: the id of a delivery, and nothing for a run that succeeded', () => {
  const body = { action: 'completed', workflow_run: { name: 'CI', conclusion: 'success' } };
  const headers = { 'x-github-event': 'workflow_run', 'x-github-delivery': 'd-1' };
  expect(say('github', body, headers)).toEqual({ text: '', id: 'd-1' });
});
