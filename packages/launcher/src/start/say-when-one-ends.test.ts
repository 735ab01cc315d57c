import { expect, test } from 'vitest';
import { sayWhenOneEnds } from './say-when-one-ends.ts';

function createBed() {
  const said: string[] = [];
  const end = Promise.withResolvers<{ exitCode: number | null; signal: NodeJS.Signals | null }>();
  let stopping = false;
  sayWhenOneEnds(
    [{ app: 'relay', exited: end.promise, logFile: '/data/logs/relay.log' }],
    { bad: (text) => said.push(text) },
    () => stopping,
  );
  return {
    said,
    stop() {
      stopping = true;
    },
    async end(exitCode: number | null, signal: NodeJS.Signals | null) {
      end.resolve({ exitCode, signal });
      await end.promise;
    },
  };
}

test('names the log of a service that ends by itself', async () => {
  const { end, said } = createBed();
  await end(1, null);
  expect(said).toEqual(['relay has ended (exit code 1). Its log: /data/logs/relay.log']);
});

test('says nothing of a service that is stopped', async () => {
  const { end, said, stop } = createBed();
  stop();
  await end(null, 'SIGTERM');
  expect(said).toEqual([]);
});
