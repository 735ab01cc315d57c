import { type HttpRecorder, serveBytes, serveJson, startHttpServer, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { goldenCases, MEDIA_URL, ONE_PIXEL_PNG, PICTURE_URL } from './golden-cases.ts';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

/**
 * The reference cases of the system before this one, one after the other through one relay: the same requests
 * to GroupMe, the same fields on the exchange, the same acknowledgements.
 */
let world: RelayUnderTest;
let web: HttpRecorder;
const total = { requests: 0, events: 0, acknowledged: 0 };

beforeAll(async () => {
  web = await startHttpServer({
    'GET /media/a.png': serveBytes(ONE_PIXEL_PNG, 'image/png'),
    'POST /acknowledge': serveJson({}),
  });
  world = await setUpRelay(inject('brokerUrl'), { ACK_URL: `${web.url}/acknowledge` });
  world.onStop(() => web.dispose());
  await world.start();
});

afterAll(() => world.stop());

/** Requests that post or upload; the look-ups of thumbnails are our own. */
function requests() {
  return world.simulator.requests().filter((request) => request.method === 'POST');
}

function acknowledged(): unknown[] {
  return web.requests.filter(({ path }) => path === '/acknowledge').map(({ json }) => json);
}

/** Puts the run's addresses in place of the marks in a case, or the other way round. */
function substitute<Value>(value: Value, from: string, to: string): Value {
  return JSON.parse(JSON.stringify(value).replaceAll(JSON.stringify(from), JSON.stringify(to))) as Value;
}

it.each(goldenCases)('$name: $what', async (golden) => {
  const { queue, replies } = await world.listenForReplies();
  const seen = {
    requests: requests().length,
    events: world.events.messages.length,
    acknowledged: acknowledged().length,
  };
  if (golden.fault) {
    world.simulator.setFault({
      route: 'bots/post',
      mode: 'accept-then-status',
      status: golden.fault.status,
      times: 1,
    });
  }
  await world.publish(golden.key, substitute(golden.body, MEDIA_URL, `${web.url}/media/a.png`), {
    headers: { 'x-retry-count': 0, ...(golden.alreadySent ? { alreadysent: true } : {}) },
    ...(golden.correlationId === undefined ? {} : { replyTo: queue, correlationId: golden.correlationId }),
  });

  await waitFor(
    () =>
      requests().length >= seen.requests + golden.requests.length &&
      world.events.messages.length >= seen.events + golden.events.length &&
      acknowledged().length >= seen.acknowledged + golden.acknowledged.length &&
      replies.length >= golden.replies.length,
    { what: 'what the case expects' },
  );

  const made = requests().slice(seen.requests);
  const pictureUrl = made
    .map((request) => (request.json as { picture_url?: string } | undefined)?.picture_url)
    .find((url) => url !== undefined);
  const withRunsPicture = <Value>(value: Value): Value =>
    substitute(value, PICTURE_URL, pictureUrl ?? PICTURE_URL);

  expect(
    made.map(({ path, headers, json }) =>
      path === '/pictures' ? { path, contentType: headers['content-type'] } : { path, body: json },
    ),
  ).toEqual(withRunsPicture(golden.requests));
  if (made.some((request) => request.path === '/pictures')) {
    expect(made.find((request) => request.path === '/pictures')?.bytes).toBe(ONE_PIXEL_PNG.length);
  }

  const told = world.events.messages.slice(seen.events);
  expect(told.map((message) => message.routingKey)).toEqual(golden.events.map((event) => event.key));
  for (const [index, event] of golden.events.entries()) {
    expect(told[index]?.json).toMatchObject(withRunsPicture(event.body));
    expect(told[index]?.headers).toMatchObject({ 'x-retry-count': 0 });
    expect(told[index]?.properties.deliveryMode).toBe(2);
  }
  expect(acknowledged().slice(seen.acknowledged)).toEqual(golden.acknowledged);
  expect(replies).toEqual(golden.replies);

  total.requests += golden.requests.length;
  total.events += golden.events.length;
  total.acknowledged += golden.acknowledged.length;
});

it('did nothing beyond what the cases expect', async () => {
  // Whatever a case set off too many would have come before this one's post.
  await world.publish('source.twilio.sms.incoming', { Body: 'last', wbor_message_id: 'last' });
  await world.publish('source.standard', { body: 'last', source: 'x', wbor_message_id: 'last' });
  await waitFor(
    () => world.events.messages.length >= total.events + 2 && acknowledged().length > total.acknowledged,
    {
      what: 'the last posts',
    },
  );
  expect(requests()).toHaveLength(total.requests + 2);
  expect(world.events.messages).toHaveLength(total.events + 2);
  expect(acknowledged()).toHaveLength(total.acknowledged + 1);
});
