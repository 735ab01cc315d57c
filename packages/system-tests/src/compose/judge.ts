/** The words of a message, by which it is known again wherever they stand. */
export function makeText(number: number): string {
  return `Message ${number} of the compose test.`;
}

const TEXT = /Message (\d+) of the compose test\./;

/** The messages whose words stand in these texts, as often as they do. */
export function readNumbers(texts: readonly string[]): number[] {
  return texts.flatMap((text) => {
    const number = TEXT.exec(text)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

/** What is wrong: a message that was accepted is not there, or more than once. `where` says where that is. */
export function findFaults(where: string, accepted: readonly number[], found: readonly number[]): string[] {
  const counts = new Map<number, number>();
  for (const number of found) counts.set(number, (counts.get(number) ?? 0) + 1);
  const lost = accepted.filter((number) => !counts.has(number));
  const repeated = [...counts].filter(([, count]) => count > 1).map(([number]) => number);
  return [
    ...(lost.length > 0 ? [`${where}: ${lost.length} lost: ${lost.join(', ')}`] : []),
    ...(repeated.length > 0 ? [`${where}: ${repeated.length} repeated: ${repeated.join(', ')}`] : []),
  ];
}
