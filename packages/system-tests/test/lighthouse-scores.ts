import lighthouse from 'lighthouse';

export interface Scores {
  /** 0 to 100. */
  readonly performance: number;
  /** 0 to 100. */
  readonly accessibility: number;
}

/**
 * What Lighthouse says of a page on its default phone: a slow processor and a slow mobile network, with nothing kept from before. Nothing
 * good of one whose beginning it has missed.
 *
 * @param options.debuggingPort of a Chromium that runs.
 * @param options.cookie of whoever is signed in.
 */
export async function lighthouseScores(
  url: string,
  options: { readonly debuggingPort: number; readonly cookie: string },
): Promise<Scores> {
  const result = await lighthouse(url, {
    port: options.debuggingPort,
    onlyCategories: ['performance', 'accessibility'],
    extraHeaders: { Cookie: options.cookie },
    logLevel: 'error',
  });
  if (result === undefined) throw new Error('Lighthouse gave no result');
  const { categories, finalDisplayedUrl, runtimeError } = result.lhr;
  // On a busy machine it misses the beginning of a page, and asks to be run again.
  if (runtimeError?.code === 'NO_NAVSTART') return { performance: 0, accessibility: 0 };
  if (runtimeError !== undefined) throw new Error(`Lighthouse failed: ${runtimeError.message}`);
  if (finalDisplayedUrl !== url) throw new Error(`Lighthouse was led to ${finalDisplayedUrl}`);
  const score = (category: keyof Scores) => Math.round((categories[category]?.score ?? 0) * 100);
  return { performance: score('performance'), accessibility: score('accessibility') };
}
