import { editDistance } from '../text/edit-distance.ts';

/** The name that the typed one most likely meant; undefined when none is near. */
export function suggest(typed: string, names: readonly string[]): string | undefined {
  if (typed.length > 20) return undefined;
  const near = names
    .map((name) => ({ name, distance: editDistance(typed, name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  return near[0]?.name;
}
