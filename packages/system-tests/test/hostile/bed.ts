import { randomBytes, randomUUID } from 'node:crypto';
import { runParked } from '@wbor/parked-cli/testing';
import { type App, callbackUrl, deployedNodeOptions, PASSWORD } from '@wbor/start-system';
import { connectAmqp, publishFrames, type WireProperties, waitFor } from '@wbor/testkit';
import { expect, inject } from 'vitest';
import { readPeakMiB } from '../../src/fuzz/collect.ts';
import { MEMORY_LIMIT_MIB } from '../../src/fuzz/judge.ts';
import { type SystemUnderTest, startSystemUnderTest } from '../system-under-test.ts';

const APPS: readonly App[] = ['relay', 'gateway', 'audit-logger', 'moderator'];
const GOOD_WITHIN_MS = 10_000;
/** No number that a test bans. */
const GOOD_SENDER = '+12075550100';
const LOST = /^(?:lost the broker|cannot reach the broker|the broker closed a channel|closing a channel)/;

interface ParkedLine {
  readonly id: string;
  readonly reason: string;
  readonly error: string;
}

/** The whole system, and somebody who sends it what no contract foresees. */
export interface HostileBed {
  readonly system: SystemUnderTest;
  /** Where GroupMe calls back. */
  readonly callbackUrl: string;
  /** Publishes bytes on the exchange, or with `queue` straight into a queue of ours. */
  publish(
    key: string,
    content: Buffer | object | string,
    properties?: WireProperties,
    to?: 'queue',
  ): Promise<void>;
  /** POST to the gateway; the body as it is. */
  post(
    path: string,
    body: Buffer | string | object,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: string }>;
  /** A callback as GroupMe sends it, with changes. */
  callback(fields: object): Promise<{ status: number; body: string }>;
  /** An SMS; resolves with its UID once it is in the chat and in the audit. */
  sms(from: string, text: string): Promise<{ id: string; uid: string }>;
  /** Types in the chat; resolves with the bot's next words that fit. */
  ask(text: string, answer?: RegExp, attachments?: readonly { type: string }[]): Promise<string>;
  /** The posts of the bot that contain a text. */
  postsWith(text: string): string[];
  waitForPost(text: string): Promise<string>;
  parked(
    queue: 'relay' | 'audit-logger' | 'moderator',
    ...args: string[]
  ): Promise<{ stdout: string; code: number }>;
  listParked(queue: 'relay' | 'audit-logger' | 'moderator'): Promise<ParkedLine[]>;
  metric(app: App, name: string): Promise<number>;
  /** Good messages of every way arrive within ten seconds; the processes and connections are those of the start. */
  expectUnharmed(kind: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startHostileBed(
  options: { relayEnv?: Record<string, string>; gatewayEnv?: Record<string, string> } = {},
): Promise<HostileBed> {
  const brokerUrl = inject('brokerUrl');
  const system = await startSystemUnderTest({
    brokerUrl,
    databaseUrl: inject('databaseUrl'),
    moderator: true,
    // Memory is limited as it is deployed.
    relayEnv: { NODE_OPTIONS: deployedNodeOptions('relay'), ...options.relayEnv },
    gatewayEnv: { NODE_OPTIONS: deployedNodeOptions('gateway'), ...options.gatewayEnv },
  });
  const connection = await connectAmqp(brokerUrl);
  system.onStop(() => connection.close().catch(() => undefined));
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  const { exchange, queuePrefix } = system.namespace;
  const pids = APPS.map((app) => system.service(app).pid);
  const parkedEnv = { RABBITMQ_URL: brokerUrl, RABBITMQ_EXCHANGE: exchange, QUEUE_PREFIX: queuePrefix };
  const callback = callbackUrl(system.gatewayUrl);
  const callbackPath = new URL(callback).pathname;

  const publish: HostileBed['publish'] = (key, content, properties = {}, to) =>
    publishFrames(
      channel,
      to === 'queue' ? '' : exchange,
      to === 'queue' ? `${queuePrefix}${key}` : key,
      toBytes(content),
      properties,
    );

  let asked = 0;
  const postsWith = (text: string) => system.posts().filter((post) => post.includes(text));
  const waitForPost = (text: string) =>
    waitFor(() => postsWith(text)[0], {
      what: `"${text}" in the chat`,
      timeoutMs: GOOD_WITHIN_MS,
      intervalMs: 20,
    });

  async function post(path: string, body: Buffer | string | object, headers: Record<string, string> = {}) {
    const answer = await fetch(`${system.gatewayUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${PASSWORD}`, ...headers },
      body: new Uint8Array(toBytes(body)),
    });
    return { status: answer.status, body: await answer.text() };
  }

  async function readMetric(app: App, name: string): Promise<number> {
    const text = await (await fetch(`${system.service(app).healthUrl}/metrics`)).text();
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  async function listParked(queue: 'relay' | 'audit-logger' | 'moderator'): Promise<ParkedLine[]> {
    const { stdout, code } = await runParked(
      parkedEnv,
      'list',
      '--json',
      '--queue',
      `${queuePrefix}${queue}.parked`,
    );
    expect(code, stdout).toBe(0);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ParkedLine);
  }

  async function sendGood(): Promise<number> {
    const word = randomBytes(6).toString('hex');
    const startedAt = performance.now();
    const messageId = randomUUID();
    await publish(
      'source.standard.good',
      { body: `good ${word} 1`, source: 'good' },
      { messageId: `${messageId}1` },
    );
    await publish(
      'source.twilio.sms.incoming',
      { From: GOOD_SENDER, Body: `good ${word} 2` },
      { messageId: `${messageId}2` },
    );
    expect((await post('/send', { source: 'good', body: `good ${word} 3` })).status).toBe(202);
    await Promise.all([1, 2, 3].map((number) => waitForPost(`"good ${word} ${number}"`)));
    const tookMs = Math.round(performance.now() - startedAt);
    for (const number of [1, 2, 3]) expect(postsWith(`good ${word} ${number}`)).toHaveLength(1);
    return tookMs;
  }

  return {
    system,
    callbackUrl: callback,
    publish,
    post,
    postsWith,
    waitForPost,
    listParked,
    metric: readMetric,
    callback: (fields) =>
      post(callbackPath, {
        ...CALLBACK,
        group_id: system.simulator.groupId,
        id: String(Date.now()),
        ...fields,
      }),
    async sms(from, text) {
      const id = randomUUID();
      await publish(
        'source.twilio.sms.incoming',
        { From: from, Body: text, source: 'twilio', wbor_message_id: id },
        { messageId: id },
      );
      await waitFor(async () => (await system.count('groupme_messages', `wbor_message_id = '${id}'`)) === 1, {
        what: `${text} in the audit`,
      });
      return { id, uid: id.slice(0, 8) };
    },
    async ask(text, answer = /./, attachments = []) {
      const before = system.posts().length;
      // Another member each time: what one may ask in a minute is limited.
      asked += 1;
      await system.simulator.postAsMember({ name: `Member ${asked}`, text, attachments });
      return waitFor(
        () =>
          system
            .posts()
            .slice(before)
            .find((line) => answer.test(line)),
        { what: `an answer to ${JSON.stringify(text)}`, timeoutMs: GOOD_WITHIN_MS },
      );
    },
    parked: (queue, ...args) => runParked(parkedEnv, ...args, '--queue', `${queuePrefix}${queue}.parked`),
    async expectUnharmed(kind) {
      const tookMs = await sendGood();
      const peaks = await Promise.all(pids.map(readPeakMiB));
      process.stderr.write(
        `[hostile] ${kind}: good ones in the chat after ${tookMs} ms; at most ${APPS.map((app, index) => `${app} ${peaks[index] ?? '?'}`).join(', ')} MiB\n`,
      );
      for (const [index, app] of APPS.entries()) {
        const service = system.service(app);
        expect([service.running, service.pid], app).toEqual([true, pids[index]]);
        expect(
          service.logs().filter(({ msg }) => LOST.test(String(msg))),
          app,
        ).toEqual([]);
        await service.waitUntilReady();
        expect(peaks[index] ?? 0, `memory of ${app}`).toBeLessThan(MEMORY_LIMIT_MIB);
      }
    },
    stop: () => system.stop(),
  };
}

const CALLBACK = {
  user_id: '9001',
  sender_id: '9001',
  sender_type: 'user',
  name: 'Pat',
  avatar_url: null,
  system: false,
  attachments: [],
  created_at: Math.floor(Date.now() / 1_000),
};

function toBytes(content: Buffer | string | object): Buffer {
  if (Buffer.isBuffer(content)) return content;
  return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
}
