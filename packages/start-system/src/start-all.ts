/** Runs a step of the start for somebody who watches; `describe` says what there is to say about its result. */
export type RunStep = <Value>(
  name: string,
  work: () => Promise<Value>,
  describe?: (value: Value) => string,
) => Promise<Value>;

export const runUnwatched: RunStep = (_name, work) => work();

/**
 * Starts parts one after another or side by side. Rejects when one cannot be started, but only after every start that was
 * begun has ended: none is still on its way when the failure is cleared away.
 */
export async function startAll<Parts extends readonly unknown[]>(
  starts: readonly [...{ [Part in keyof Parts]: () => Promise<Parts[Part]> }],
  options: { readonly oneByOne: boolean },
): Promise<Parts> {
  const started: Promise<unknown>[] = [];
  for (const start of starts) {
    const starting = start();
    started.push(starting);
    if (options.oneByOne) await starting;
  }
  await Promise.allSettled(started);
  return (await Promise.all(started)) as unknown as Parts;
}
