import { createRedactor } from '@wbor/groupme';
import { describeSettings } from '@wbor/service';
import { z } from 'zod';
import type { Environment } from './environment.ts';
import { readPart } from './patient.ts';
import { type ServiceName, serviceFacts } from './services.ts';

/** Shorter ones stand in ordinary words, `guest` for example. */
const MIN_LENGTH = 6;

/** Takes every secret of the services out of a text. No check says one; this is for what servers say. */
export function createSecretsRedactor(
  environments: ReadonlyMap<ServiceName, Environment>,
): (text: string) => string {
  const secrets = [...environments].flatMap(([name, env]) => secretsOf(name, env));
  return createRedactor(secrets.flatMap(withPassword).filter((secret) => secret.length >= MIN_LENGTH));
}

function secretsOf(service: ServiceName, env: Environment): string[] {
  return describeSettings(serviceFacts[service].settings)
    .filter(({ secret }) => secret)
    .flatMap(({ name }) => {
      // Also of a service whose other settings are wrong.
      const values = [env[name], readPart(z.object({ [name]: z.string().optional() }), env)?.[name]];
      return values.filter((value) => value !== undefined);
    });
}

/** An address is a secret for the password in it. */
function withPassword(secret: string): string[] {
  const password = URL.parse(secret)?.password;
  return password ? [secret, password, decodeURIComponent(password)] : [secret];
}
