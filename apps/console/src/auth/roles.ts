/** From the least to the most: each may do what those before it may. */
export const roles = ['viewer', 'moderator', 'operator'] as const;
export type Role = (typeof roles)[number];

export function mayActAs(role: Role, wanted: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(wanted);
}

/** Who has which role, as the settings name them: groups and e-mail addresses. */
export interface RoleLists {
  readonly viewers: readonly string[];
  readonly moderators: readonly string[];
  readonly operators: readonly string[];
}

/** The highest role that one of these names has; undefined for somebody who has none. `*` is everybody. */
export function roleOf(names: readonly string[], lists: RoleLists): Role | undefined {
  const known = new Set(names.map((name) => name.toLowerCase()));
  const isIn = (list: readonly string[]): boolean =>
    list.some((entry) => entry === '*' || known.has(entry.toLowerCase()));
  if (isIn(lists.operators)) return 'operator';
  if (isIn(lists.moderators)) return 'moderator';
  return isIn(lists.viewers) ? 'viewer' : undefined;
}
