import { expect, it } from 'vitest';
import type { GatewayRoutes } from './http.ts';
import { drawInput } from './inputs.ts';
import { tokensIn, tokensInBytes } from './token.ts';

const ROUTES: GatewayRoutes = {
  host: '127.0.0.1:1',
  password: 'p',
  callback: '/callback/secret',
  groupId: '1',
  programs: {
    tokens: { azuracast: 'wbor_a_1', endec: 'wbor_b_2', script: 'wbor_c_3' },
    twilio: { authToken: 't', publicUrl: 'http://127.0.0.1:1' },
  },
  documented: ['/callback/{secret}', '/send'],
};
// Few inputs are planned messages.
const many = Array.from({ length: 3_000 }, (_, index) => drawInput(5, index, ROUTES));
const inputs = many.slice(0, 600);

it('draws the same inputs for the same seed, and others for another', () => {
  expect(drawInput(5, 17, ROUTES)).toEqual(inputs[17]);
  expect(drawInput(6, 17, ROUTES)).not.toEqual(inputs[17]);
});

it('draws inputs of every kind', () => {
  expect(new Set(inputs.map(({ kind }) => kind))).toEqual(new Set(['amqp', 'http', 'chat']));
});

it('draws a message of every contract that other programs publish', () => {
  const keys = new Set(many.flatMap((input) => (input.kind === 'amqp' ? [input.key] : [])));
  for (const key of [
    'source.azuracast.nowplaying',
    'source.endec.alert',
    'source.twilio.ban',
    'source.twilio.unban',
    'notification.wbor-endec',
    'notification.ups.ups',
    'notification.failsafe-status',
  ])
    expect(keys, key).toContain(key);
});

it('knows for most calls of programs that the chat must show them, and for none of others', () => {
  const requests = many.flatMap((input) => (input.kind === 'http' ? [input] : []));
  const isOfProgram = ({ request }: { request: Buffer }) =>
    /^POST \/(?:v3\/bots\/post|bots\/post|hooks\/(?!azuracast))/.test(request.toString('latin1'));
  const programs = requests.filter(isOfProgram);
  const said = programs.filter(({ isSaid }) => isSaid);
  expect(said.length / programs.length).toBeGreaterThan(0.3);
  for (const { request, token } of said) expect(request.toString('latin1')).toContain(token);
});

it('draws calls of every route that programs call', () => {
  const requests = many.flatMap((input) => (input.kind === 'http' ? [input.request.toString('latin1')] : []));
  expect(requests.some((text) => text.startsWith('GET /send/zq'))).toBe(true);
  const paths = [
    '/bots/post',
    '/v3/bots/post',
    '/hooks/azuracast',
    '/hooks/endec/',
    '/hooks/twilio/sms',
    '/hooks/uptime-kuma',
    '/hooks/grafana',
  ];
  for (const path of paths)
    expect(
      requests.some((text) => text.startsWith(`POST ${path}`)),
      path,
    ).toBe(true);
});

it('gives every message on the broker a token, in its body or in its headers', () => {
  const without = inputs.filter(
    (input) =>
      input.kind === 'amqp' &&
      !tokensInBytes(input.content).has(input.token) &&
      !tokensIn(input.properties.headers?.toString('latin1') ?? '').has(input.token),
  );
  expect(without.map(({ what }) => what)).toEqual([]);
});

it('names no address but those of this machine', () => {
  const hosts = inputs.flatMap((input) => {
    const bytes =
      input.kind === 'amqp' ? input.content : input.kind === 'http' ? input.request : Buffer.alloc(0);
    return [...bytes.toString('latin1').matchAll(/https?:\/\/([^/"':\s?\\]+)/g)].map(([, host]) => host);
  });
  expect(new Set(hosts)).toEqual(new Set(['127.0.0.1']));
});

it('names every post of a planned message, whatever byte of it was changed', () => {
  const planned = many.flatMap((input) => {
    if (input.kind !== 'amqp') return [];
    const texts = textsOfParts(input.content);
    return texts.map((text) => ({ text, what: input.what, named: tokensIn(text).has(input.token) }));
  });
  expect(planned.length).toBeGreaterThan(3);
  expect(planned.filter(({ named }) => !named)).toEqual([]);
});

function textsOfParts(content: Buffer): string[] {
  let message: { readonly parts?: unknown } | null;
  try {
    message = JSON.parse(content.toString());
  } catch {
    return [];
  }
  if (!Array.isArray(message?.parts)) return [];
  return message.parts.map((part) => part?.text).filter((text) => typeof text === 'string');
}
