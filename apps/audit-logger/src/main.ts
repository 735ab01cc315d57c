import process from 'node:process';
import { runService } from '@wbor/service';
import { startAuditLogger } from './build-audit-logger.ts';
import { auditLoggerSettings } from './config.ts';

await runService(
  {
    name: 'audit-logger',
    summary: 'writes every interaction with GroupMe into Postgres',
    settings: auditLoggerSettings,
    start: startAuditLogger,
  },
  process,
);
