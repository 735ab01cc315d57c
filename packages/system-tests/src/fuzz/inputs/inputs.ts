import fc from 'fast-check';
import { amqpInput } from './amqp.ts';
import { chatInput } from './chat.ts';
import { type GatewayRoutes, httpInput } from './http.ts';
import { badToken } from './token.ts';
import type { Input } from './types.ts';

/** Draws the input of a number. The same seed, number and routes give the same input. */
export function drawInput(seed: number, index: number, routes: GatewayRoutes): Input {
  const token = badToken(index);
  const any = fc.oneof<fc.MaybeWeightedArbitrary<Input>[]>(
    { weight: 12, arbitrary: amqpInput(token) },
    { weight: 6, arbitrary: httpInput(routes, token) },
    { weight: 2, arbitrary: chatInput(token) },
  );
  // A draw of its own for each: what is sent does not hang on how many were sent before.
  const [input] = fc.sample(any, { seed: seed * 1_000_003 + index, numRuns: 1, unbiased: true });
  if (input === undefined) throw new Error('nothing was drawn');
  return input;
}
