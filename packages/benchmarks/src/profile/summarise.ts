/** A CPU profile as `node --cpu-prof` writes it, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

/** Finds where something in a bundle comes from; undefined when it is not known. */
export type FindSource = (line: number, column: number) => string | undefined;

export interface CpuShare {
  /** A package, a folder of an app, or a part of Node. */
  readonly where: string;
  readonly ms: number;
  /** Of the time that was not idle, 0 to 1. */
  readonly share: number;
}

/** In which code the CPU was, most first. Time in what a function calls is not its own. */
export function summariseProfile(profile: CpuProfile, findSource: FindSource): CpuShare[] {
  const placeOf = new Map(profile.nodes.map(({ callFrame, id }) => [id, whereIs(callFrame, findSource)]));
  const microseconds = new Map<string, number>();
  for (const [index, id] of profile.samples.entries()) {
    const where = placeOf.get(id) ?? '';
    if (where === '(idle)') continue;
    microseconds.set(where, (microseconds.get(where) ?? 0) + (profile.timeDeltas[index] ?? 0));
  }
  const total = [...microseconds.values()].reduce((sum, each) => sum + each, 0);
  return [...microseconds]
    .map(([where, time]) => ({ where, ms: time / 1_000, share: time / total }))
    .toSorted((a, b) => b.ms - a.ms);
}

function whereIs(
  { columnNumber, functionName, lineNumber, url }: CpuProfile['nodes'][number]['callFrame'],
  findSource: FindSource,
): string {
  // V8's own: idle, garbage collector, native code.
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return url.replace(/^node:internal\/([^/]+).*/, 'node:$1');
  return packageOf(findSource(lineNumber, columnNumber) ?? url);
}

/** `amqplib` of a file of it, `@wbor/amqp` of one of ours, `relay/delivery` of one of an app's. */
export function packageOf(path: string): string {
  const [, dependency] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
  if (dependency !== undefined) return dependency;
  const [, packageName] = /packages\/([^/]+)\//.exec(path) ?? [];
  if (packageName !== undefined) return `@wbor/${packageName}`;
  const [, app, folder = ''] = /apps\/([^/]+)\/src\/(?:([^/]+)\/)?/.exec(path) ?? [];
  if (app !== undefined) return folder === '' ? app : `${app}/${folder}`;
  // A source map names an app's own files as the bundle sees them.
  const [, own = ''] = /(?:^|\/)src\/(?:([^/]+)\/)?/.exec(path) ?? [];
  return own === '' ? 'the app' : own;
}
