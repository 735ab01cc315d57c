/** A metric as a service exports it. */
export interface ExportedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** Of its samples, without `le`. */
  readonly labels: readonly string[];
  readonly samples: readonly Sample[];
}

interface Sample {
  /** With the ending of a part: `_bucket`, `_sum`, `_count`. */
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** Reads what `/metrics` answers, in Prometheus' text format. Metrics of Node and the process are left out. */
export function readExposition(text: string): ExportedMetric[] {
  return text
    .split(/^(?=# HELP )/m)
    .map(readMetric)
    .filter(({ name }) => !/^(?:nodejs|process)_/.test(name));
}

function readMetric(block: string): ExportedMetric {
  const [, name = '', help = ''] = /^# HELP (\S+) (.*)$/m.exec(block) ?? [];
  const [, type = ''] = /^# TYPE \S+ (\S+)$/m.exec(block) ?? [];
  const samples = [...block.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)].map(
    ([, sample = '', labels = '', value]) => ({ name: sample, labels, value: Number(value) }),
  );
  const labels = samples.flatMap((sample) =>
    [...sample.labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label),
  );
  return { name, type, help, labels: [...new Set(labels)].filter((label) => label !== 'le'), samples };
}
