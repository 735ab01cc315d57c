import type { App } from '@wbor/start-system';
import { afterEach, describe, inject, it } from 'vitest';
import { BLOWS, expectNothingLost, sendAll, strike } from './load.ts';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

let system: SystemUnderTest;

afterEach(() => system?.stop());

describe('kill -9 in the middle of 200 messages, five times', () => {
  it.each<{ app: App; mostRepeats: number; why: string }>([
    { app: 'relay', mostRepeats: BLOWS, why: 'one part may be on its way at each kill' },
    { app: 'gateway', mostRepeats: 0, why: 'a caller whose answer was lost sends again under the same id' },
    { app: 'audit-logger', mostRepeats: 0, why: 'it has no part in posting' },
  ])('of the $app loses nothing ($why)', { timeout: 180_000 }, async ({ app, mostRepeats }) => {
    system = await startSystemUnderTest({
      brokerUrl: inject('brokerUrl'),
      databaseUrl: inject('databaseUrl'),
      relayEnv: { GROUPME_RATE_PER_SECOND: '25' },
    });
    await Promise.all([sendAll(system), strike(system, () => system.killAndRestart(app))]);
    await expectNothingLost(system, { mostRepeats });
  });
});
