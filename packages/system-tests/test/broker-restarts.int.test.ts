import { setTimeout as delay } from 'node:timers/promises';
import { startBroker } from '@wbor/testkit';
import { afterEach, describe, inject, it, onTestFinished } from 'vitest';
import { expectNothingLost, sendAll, strike } from './load.ts';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

let system: SystemUnderTest;

afterEach(() => system?.stop());

describe('a broker that is stopped and started, five times', () => {
  it('loses nothing', { timeout: 240_000 }, async () => {
    const broker = await startBroker({ private: true });
    // After the system, which deletes its queues: what a test asks for itself runs behind `afterEach`.
    onTestFinished(() => broker.dispose());
    system = await startSystemUnderTest({
      brokerUrl: broker.url,
      databaseUrl: inject('databaseUrl'),
      relayEnv: { GROUPME_RATE_PER_SECOND: '25' },
    });
    const blow = async (): Promise<void> => {
      await broker.stop();
      await delay(500);
      await broker.start();
    };
    await Promise.all([sendAll(system), strike(system, blow)]);
    // A post whose event the broker did not take before it went is held in the relay's memory, and not repeated.
    await expectNothingLost(system, { mostRepeats: 0 });
  });
});
