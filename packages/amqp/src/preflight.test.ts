import { expect, it } from 'vitest';
import { describeBroker, isMissing } from './preflight.ts';
import { explainTlsFailure } from './tls-failure.ts';

it('a queue whose leader is being chosen is not missing', () => {
  expect(isMissing("NOT_FOUND - no queue 'relay.outbox' in vhost '/'")).toBe(true);
  expect(
    isMissing("NOT_FOUND - failed to perform operation on queue 'relay.outbox' in vhost '/' due to timeout"),
  ).toBe(false);
  expect(isMissing("NOT_FOUND - home node 'a' of durable queue 'q' is down or inaccessible")).toBe(false);
});

it('a broker is named with the port that its address means, and without its password', () => {
  expect(describeBroker('amqps://u:secret@h/v')).toBe('h:5671/v');
  expect(describeBroker('amqp://u:secret@h')).toBe('h:5672');
});

it.each([
  ['SELF_SIGNED_CERT_IN_CHAIN', /RABBITMQ_CA/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /RABBITMQ_CA/],
  ['CERT_HAS_EXPIRED', /RABBITMQ_CA/],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /RABBITMQ_CERT/],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /RABBITMQ_CERT/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', /amqp:\/\//],
])('%s is explained', (code, hint) => {
  const error = Object.assign(new Error('words'), { code });
  expect(explainTlsFailure(error)).toMatch(hint);
  expect(explainTlsFailure(new Error('outer', { cause: error }))).toMatch(hint);
});

it('what is no fault of a certificate is left to others', () => {
  expect(explainTlsFailure(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))).toBeUndefined();
});
