import { type RoleName, roleNames } from '@wbor/database';
import { list, type Secret, secret } from '@wbor/service';
import { z } from 'zod';
import { type BrokerUserName, brokerUserNames } from './broker/users.ts';

/** `RABBITMQ_PASS_AUDIT_LOGGER` of `audit-logger`. */
export function brokerPasswordSetting(name: BrokerUserName): string {
  return `RABBITMQ_PASS_${upperCase(name)}`;
}

/** `POSTGRES_PASS_AUDIT_LOGGER` of `audit_logger`. */
export function rolePasswordSetting(name: RoleName): string {
  return `POSTGRES_PASS_${upperCase(name)}`;
}

function upperCase(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

/** What the definitions of the broker are made of. */
export const definitionsSettings = z.object({
  RABBITMQ_EXCHANGE: z.string().default('source_exchange'),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[\w.-]*$/, 'may hold letters, digits and . _ - only')
    .default(''),
  RABBITMQ_VHOST: z.string().default('/'),
  RABBITMQ_USER: z.string().default('wbor'),
  RABBITMQ_PASS: secret().optional(),
  NOTIFICATIONS_EXCHANGE: list().default([]),
  RABBITMQ_MAY_DECLARE: list()
    .pipe(z.array(z.enum(brokerUserNames, `may name ${brokerUserNames.join(', ')} only`)))
    .default([]),
  ...passwordsOf(brokerUserNames.map(brokerPasswordSetting)),
});

/** What Postgres is told. */
export const databaseSettings = z.object({
  DATABASE_URL: secret(),
  POSTGRES_ROLE_PREFIX: z
    .string()
    .regex(/^[a-z_]*$/, 'may hold small letters and _ only')
    .default(''),
  ...passwordsOf(roleNames.map(rolePasswordSetting)),
});

function passwordsOf(settings: readonly string[]): Record<string, z.ZodOptional<ReturnType<typeof secret>>> {
  return Object.fromEntries(settings.map((name) => [name, secret().optional()]));
}

/** The passwords among parsed settings, by the name of the user. */
export function readPasswords<Name extends string>(
  config: Readonly<Record<string, unknown>>,
  names: readonly Name[],
  setting: (name: Name) => string,
): Partial<Record<Name, Secret>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const password = config[setting(name)];
      return password === undefined ? [] : [[name, password]];
    }),
  ) as Partial<Record<Name, Secret>>;
}
