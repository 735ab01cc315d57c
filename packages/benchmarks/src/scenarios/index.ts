import type { Scenario } from '../types.ts';
import { auditBacklogs } from './audit-backlog.ts';
import { auditSteady } from './audit-steady.ts';
import { commands } from './commands.ts';
import { httpScenarios } from './http.ts';
import { outageMemory } from './outage-memory.ts';
import { relayBurst } from './relay-burst.ts';
import { relayImage } from './relay-image.ts';
import { relayLatency } from './relay-latency.ts';
import { relayPace } from './relay-pace.ts';
import { relayParts } from './relay-parts.ts';
import { relayQueued } from './relay-queued.ts';
import { relayRecovery } from './relay-recovery.ts';
import { starts } from './start.ts';

/** In the order in which they run, and stand in the report. */
export const scenarios: readonly Scenario[] = [
  relayLatency,
  relayBurst,
  ...httpScenarios,
  ...auditBacklogs,
  auditSteady,
  ...starts,
  relayPace,
  ...relayQueued,
  relayImage,
  relayParts,
  ...commands,
  outageMemory,
  ...relayRecovery,
];
