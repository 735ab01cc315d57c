import { type HttpRecorder, serveJson, startHttpServer, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

const SMS_KEY = 'source.twilio.sms.incoming';

let world: RelayUnderTest;
let web: HttpRecorder;

beforeEach(async () => {
  web = await startHttpServer({ 'POST /acknowledge': serveJson({}) });
  world = await setUpRelay(inject('brokerUrl'), { ACK_URL: `${web.url}/acknowledge` });
  world.onStop(() => web.dispose());
});

afterEach(() => world.stop());

const acknowledged = () =>
  web.requests.map(({ json }) => (json as { wbor_message_id: string }).wbor_message_id);

describe('an SMS', () => {
  it('without words or pictures is acknowledged, counted, and neither posted nor parked', async () => {
    const relay = await world.start();
    await world.publish(SMS_KEY, { From: '+12075550123', Body: '', NumMedia: '0', wbor_message_id: 'empty' });
    await world.publish(SMS_KEY, {}, { messageId: 'nothing-at-all' });
    await world.publish(SMS_KEY, { Body: 'next', wbor_message_id: 'next' });
    await web.waitForCount(2);
    expect(acknowledged().toSorted()).toEqual(['empty', 'next']);
    expect(world.posts()).toHaveLength(1);
    const metrics = await (await fetch(`${relay.healthUrl}/metrics`)).text();
    expect(metrics).toMatch(/relay_messages_received_total\{[^}]*result="empty"\} 2/);
    expect(metrics).not.toMatch(/relay_messages_parked_total\{/);
    const said = relay.logs().filter(({ msg }) => msg === 'an SMS without words or pictures');
    expect(said).toMatchObject([{ wbor_message_id: 'empty' }, { amqp_message_id: 'nothing-at-all' }]);
  });

  it('is its service’s own to post once that has waited so long, and of no other source is that so', async () => {
    await world.start({ SMS_DEADLINE_SECONDS: '15' });
    const timestamp = Math.floor(Date.now() / 1000) - 60;
    await world.publish(SMS_KEY, { Body: 'late', wbor_message_id: 'late' }, { timestamp });
    await world.publish('source.standard.x', { body: 'old', source: 'x' }, { timestamp });
    await world.publish(SMS_KEY, { Body: 'in time', wbor_message_id: 'in-time' });
    await waitFor(() => world.posts().length === 2, { what: 'the posts' });
    await waitFor(() => acknowledged().length === 1, { what: 'the acknowledgement' });
    expect(acknowledged()).toEqual(['in-time']);
    expect(world.posts().join()).not.toContain('late');
    await waitFor(() => world.events.messages.length === 3, { what: 'the events' });
    expect(world.events.messages.map(({ json }) => json)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ wbor_message_id: 'late', outcome: 'expired' }),
        expect.objectContaining({ wbor_message_id: 'in-time', outcome: 'delivered' }),
      ]),
    );
  });

  it('that nobody else will post is posted however late, and not acknowledged', async () => {
    await world.start({ SMS_DEADLINE_SECONDS: '15' });
    const late = {
      timestamp: Math.floor(Date.now() / 1000) - 60,
      headers: { 'x-no-fallback': true },
    };
    await world.publish(SMS_KEY, { Body: '', wbor_message_id: 'empty' }, late);
    await world.publish(SMS_KEY, { Body: 'straight from Twilio', wbor_message_id: 'direct' }, late);
    await world.publish(SMS_KEY, { Body: 'of the service', wbor_message_id: 'service' });
    await waitFor(() => world.posts().length === 2, { what: 'the posts' });
    await waitFor(() => acknowledged().includes('service'), { what: 'the acknowledgement' });
    expect(acknowledged()).toEqual(['service']);
    expect(world.posts().join()).toContain('straight from Twilio');
  });
});
