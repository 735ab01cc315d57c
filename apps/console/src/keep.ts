/** Work that is done once for all who ask at about the same time. */
export interface Kept<Result> {
  ask(): Promise<Result>;
  /** Whoever asks from now on has it done anew. */
  forget(): void;
}

/** @param keptMs so long its result is good for others, from when it is there. A failure is for those alone who waited for it. */
export function keep<Result>(keptMs: number, work: () => Promise<Result>): Kept<Result> {
  let kept: { readonly result: Promise<Result>; until: number } | undefined;

  function begin() {
    const begun = { result: work(), until: Number.POSITIVE_INFINITY };
    begun.result.then(
      () => {
        begun.until = Date.now() + keptMs;
      },
      () => {
        if (kept === begun) kept = undefined;
      },
    );
    return begun;
  }

  return {
    ask() {
      if (kept === undefined || kept.until < Date.now()) kept = begin();
      return kept.result;
    },
    forget() {
      kept = undefined;
    },
  };
}
