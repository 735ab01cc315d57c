import { expect, test } from 'vitest';
import { waitFor } from './wait.ts';

test('resolves with the first truthy value', async () => {
  const values = [undefined, 0, '', 'there'];
  expect(await waitFor(() => values.shift(), { what: 'a value', intervalMs: 0 })).toBe('there');
});

test('takes a probe that throws for "not yet"', async () => {
  let calls = 0;
  const probe = async () => {
    calls += 1;
    if (calls < 3) throw new Error('too early');
    return calls;
  };
  expect(await waitFor(probe, { what: 'the third call', intervalMs: 0 })).toBe(3);
});

test('says what did not happen, and the last error', async () => {
  const refuse = () => {
    throw new Error('no such thing');
  };
  await expect(waitFor(refuse, { what: 'the thing appears', timeoutMs: 1 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringMatching(/^the thing appears: .* 1 ms .*no such thing/),
  });
});

test('gives up on a probe that hangs', async () => {
  const hang = () => new Promise<boolean>(() => undefined);
  await expect(waitFor(hang, { what: 'the answer', timeoutMs: 30 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining('the last look had not ended'),
  });
});
