import { describe, expect, it } from 'vitest';
import { readHooksFile } from './hook-templates.ts';

const hooks = readHooksFile(new URL('../../examples/hooks.json', import.meta.url).pathname);

function say(name: string, body: unknown, headers: Record<string, string> = {}) {
  const template = hooks.get(name);
  if (!template) throw new Error(`there is no ${name}`);
  return template.render({ body, headers });
}

it('Uptime Kuma: its own message', () => {
  const msg = '[Stream] [🔴 Down] connect ECONNREFUSED';
  const body = {
    heartbeat: { monitorID: 1, status: 0, time: '2026-06-01 12:00:00.000', msg: 'connect ECONNREFUSED' },
    monitor: { id: 1, name: 'Stream', url: 'https://stream.test', type: 'http' },
    msg,
  };
  expect(say('uptime-kuma', body).text).toBe(msg);
});

it('Grafana: the title, and each alert', () => {
  const body = {
    receiver: 'groupme',
    status: 'firing',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'Silence', instance: 'air-chain' },
        annotations: { summary: 'Nothing on air for 60 s' },
        startsAt: '2026-06-01T12:00:00Z',
      },
      { status: 'resolved', labels: { alertname: 'Disk' }, annotations: {} },
    ],
    title: '[FIRING:1] Silence',
    state: 'alerting',
    message: '**Firing**',
  };
  expect(say('grafana', body).text).toBe(
    '[FIRING:1] Silence\n- firing: Silence: Nothing on air for 60 s\n- resolved: Disk',
  );
});

it('healthchecks.io: a body that is set there, {"name":"$NAME","status":"$STATUS","tags":"$TAGS"}', () => {
  expect(say('healthchecks', { name: 'Backup', status: 'down', tags: 'nas night' }).text).toBe(
    'Backup is down (nas night)',
  );
  expect(say('healthchecks', { name: 'Backup', status: 'up', tags: '' }).text).toBe('Backup is up');
});

describe('GitHub', () => {
  const repository = { full_name: 'wbor/site' };

  it('a push, with the id of its delivery', () => {
    const body = {
      ref: 'refs/heads/main',
      pusher: { name: 'kim' },
      commits: [{ id: '1' }, { id: '2' }],
      head_commit: { message: 'Mend the schedule\n\nIt was off by an hour.' },
      repository,
    };
    expect(say('github', body, { 'x-github-event': 'push', 'x-github-delivery': 'd-1' })).toEqual({
      text: 'kim pushed 2 commits to wbor/site, the last of them: Mend the schedule',
      id: 'd-1',
    });
  });

  it('a run that failed, and nothing for one that did not', () => {
    const run = (conclusion: string) =>
      say(
        'github',
        {
          action: 'completed',
          workflow_run: { name: 'CI', conclusion, html_url: 'https://x.test/1' },
          repository,
        },
        { 'x-github-event': 'workflow_run' },
      ).text;
    expect(run('failure')).toBe('CI of wbor/site: failure https://x.test/1');
    expect(run('success')).toBe('');
  });

  it('a new issue; nothing for a ping', () => {
    const issue = { title: 'Dead air', html_url: 'https://x.test/2', user: { login: 'lee' } };
    const headers = { 'x-github-event': 'issues' };
    expect(say('github', { action: 'opened', issue, repository }, headers).text).toBe(
      'lee opened https://x.test/2: Dead air',
    );
    expect(say('github', { zen: 'Keep it simple' }, { 'x-github-event': 'ping' }).text).toBe('');
  });
});
