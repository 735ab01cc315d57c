import { brokerSettings, commonSettings, requireBroker, secret } from '@wbor/service';
import { z } from 'zod';

/** Every setting of the audit logger. `.env.example` lists the same, which a test checks. */
export const auditLoggerSettings = z
  .object({
    ...commonSettings({ healthPort: 2003 }),
    ...brokerSettings(),
    DATABASE_URL: secret().describe(
      'postgres://user:password@host:port/database. A direct connection, no pooler in transaction mode.',
    ),
  })
  .check(requireBroker)
  .superRefine((config, context) => {
    const url = URL.parse(config.DATABASE_URL.reveal());
    if (url && /^postgres(?:ql)?:$/.test(url.protocol)) return;
    context.addIssue({
      code: 'custom',
      path: ['DATABASE_URL'],
      message: 'must look like postgres://user:password@host:port/database',
    });
  });

export type AuditLoggerConfig = z.infer<typeof auditLoggerSettings>;
