import process from 'node:process';
import { runService } from '@wbor/service';
import { auditLoggerSettings } from './config.ts';
import { startAuditLogger } from './start.ts';

await runService(
  {
    name: 'audit-logger',
    summary: 'writes every interaction with GroupMe into Postgres',
    settings: auditLoggerSettings,
    start: startAuditLogger,
  },
  process,
);
