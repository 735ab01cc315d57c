import type { Check } from '../types.ts';
import { advice } from './advice.ts';
import { agreement } from './agreement.ts';
import { bot } from './bot.ts';
import { broker } from './broker.ts';
import { clocks } from './clocks.ts';
import { configuration } from './configuration.ts';
import { consumers } from './consumers.ts';
import { database } from './database.ts';
import { exchanges } from './exchanges.ts';
import { files } from './files.ts';
import { group } from './group.ts';
import { groupMe } from './groupme.ts';
import { migrations } from './migrations.ts';
import { parked } from './parked.ts';
import { queues } from './queues.ts';
import { readiness } from './readiness.ts';
import { rights } from './rights.ts';
import { roundTrip } from './round-trip.ts';

/** Every check, in the order in which its results are shown: what others rest on comes first. */
export const checks: readonly Check[] = [
  configuration,
  agreement,
  advice,
  broker,
  exchanges,
  queues,
  rights,
  consumers,
  parked,
  database,
  migrations,
  groupMe,
  bot,
  group,
  clocks,
  files,
  readiness,
  roundTrip,
];
