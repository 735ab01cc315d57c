import { errorMessage } from '@wbor/async';

/** What Node and OpenSSL call it when the broker's certificate is not one to trust. */
const UNTRUSTED =
  /^(?:UNABLE_TO_\w+|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;
/** An alert is what the other side says before it hangs up. */
const ALERT = /ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|UNSUPPORTED_CERTIFICATE)/;

/** What is wrong with the certificates of either side, for people, as the end of a sentence; undefined when it is something else. */
export function explainTlsFailure(error: unknown): string | undefined {
  const code = codeOf(error);
  if (UNTRUSTED.test(code)) {
    return `shows a certificate that is not trusted (${errorMessage(error)}); check RABBITMQ_CA, and the host in the address`;
  }
  if (ALERT.test(code)) {
    return `does not take our certificate (${code}); check RABBITMQ_CERT and RABBITMQ_KEY`;
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return 'does not speak TLS on this port; check the port, or write amqp:// in its address';
  }
  return undefined;
}

/** amqplib wraps what the socket said once the handshake of AMQP has begun. */
function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return '';
}
