import { generate } from 'selfsigned';

/** A key and its certificate, as PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** An authority of its own, and a server's certificate of it for a DNS name. For tests only. */
export async function makeCertificates(dnsName: string): Promise<{ authority: KeyPair; server: KeyPair }> {
  const common = { keyType: 'ec', algorithm: 'sha256' } as const;
  const authority = await generate([{ name: 'commonName', value: 'test authority' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: dnsName }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: dnsName }] }],
  });
  return {
    authority: { key: authority.private, cert: authority.cert },
    server: { key: server.private, cert: server.cert },
  };
}
