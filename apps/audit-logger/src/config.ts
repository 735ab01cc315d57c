import {
  brokerSettings,
  commonSettings,
  consumerSettings,
  databaseSettings,
  requireBroker,
} from '@wbor/service';
import { z } from 'zod';

/** Every setting of the audit logger. `.env.example` lists the same, which a test checks. */
export const auditLoggerSettings = z
  .object({
    ...commonSettings({ healthPort: 2003 }),
    ...brokerSettings(),
    ...consumerSettings(),
    ...databaseSettings(),
  })
  .check(requireBroker);

export type AuditLoggerConfig = z.infer<typeof auditLoggerSettings>;
