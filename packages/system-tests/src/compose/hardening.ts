/** What of `docker inspect` is looked at. */
export interface Inspected {
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Memory: number;
    readonly PidsLimit: number | null;
  };
}

/** What a container lacks. @param uid of its first process. */
export function findWeaknesses({ HostConfig: host }: Pick<Inspected, 'HostConfig'>, uid: number): string[] {
  const weak: [boolean, string][] = [
    [uid === 0, 'runs as root'],
    [!host.ReadonlyRootfs, 'can write to its root file system'],
    [!(host.CapDrop ?? []).includes('ALL'), 'keeps capabilities'],
    [
      !(host.SecurityOpt ?? []).some((option) => /^no-new-privileges(:true)?$/.test(option)),
      'may gain privileges',
    ],
    [host.Memory <= 0, 'has no memory limit'],
    [(host.PidsLimit ?? 0) <= 0, 'has no limit of processes'],
  ];
  return weak.filter(([is]) => is).map(([, text]) => text);
}
