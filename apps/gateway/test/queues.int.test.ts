import { auditEventsQueue, queueName, relayStandardQueue, relayTwilioQueue } from '@wbor/contracts';
import { connectAmqp, createNamespace, deleteNamespace, waitFor } from '@wbor/testkit';
import { expect, inject, it, onTestFinished } from 'vitest';
import { PASSWORD } from './gateway-under-test.ts';
import { runGateway } from './running-gateway.ts';

it('/readyz tells who is missing while nobody consumes, and is not ready without a queue', async () => {
  const brokerUrl = inject('brokerUrl');
  const namespace = createNamespace();
  onTestFinished(() => deleteNamespace(brokerUrl, namespace));
  const gateway = await runGateway({ brokerUrl, namespace });
  onTestFinished(gateway.stop);
  const standard = queueName(relayStandardQueue, namespace);
  const twilio = queueName(relayTwilioQueue, namespace);
  const events = queueName(auditEventsQueue, namespace);
  const said = (): string => gateway.notices().join('\n');

  await waitFor(() => said() !== '', { what: 'the notice' });
  expect(said()).toBe(
    [
      `no relay consumes ${standard}`,
      `no relay consumes ${twilio}`,
      `no audit-logger consumes ${events}`,
    ].join('. '),
  );
  // What is accepted now waits for a relay, so nobody is to be turned away.
  expect(gateway.faults()).toEqual([]);

  const connection = await connectAmqp(brokerUrl);
  onTestFinished(() => connection.close());
  const channel = await connection.createChannel();
  for (const queue of [standard, twilio, events]) await channel.consume(queue, () => undefined);
  await waitFor(() => said() === '', { what: 'the notice to go' });

  await channel.deleteQueue(standard);
  await waitFor(() => gateway.faults().length > 0, { what: 'the fault' });
  expect(gateway.faults()).toEqual([`queue ${standard} is gone; restart the relay, which declares it`]);
  expect(said()).toBe('');
});

it('is not ready while the broker refuses all that is published, and is again once it does not', async () => {
  const brokerUrl = inject('brokerUrl');
  const namespace = createNamespace();
  onTestFinished(() => deleteNamespace(brokerUrl, namespace));
  const gateway = await runGateway({ brokerUrl, namespace });
  onTestFinished(gateway.stop);
  const send = () => gateway.send({ source: 'ups', body: 'Power is back' }, PASSWORD);
  expect((await send()).status).toBe(202);

  // A queue that has room for one message and says no to the next, so that the broker does.
  const connection = await connectAmqp(brokerUrl);
  onTestFinished(() => connection.close());
  const channel = await connection.createChannel();
  const full = `${namespace.queuePrefix}full`;
  await channel.assertQueue(full, { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
  await channel.bindQueue(full, namespace.exchange, 'source.standard.#');
  await send();
  const refused = await waitFor(
    async () => {
      await send();
      return gateway.faults()[0];
    },
    { what: 'the fault', intervalMs: 200 },
  );
  expect(refused).toMatch(/^the broker has taken nothing that was published for [5-9] s$/);

  await channel.deleteQueue(full);
  await waitFor(async () => (await send()).status === 202, { what: 'being taken again' });
  expect(gateway.faults()).toEqual([]);
});
