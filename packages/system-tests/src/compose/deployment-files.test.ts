import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployedNodeOptions } from '@wbor/start-system';
import { repoRoot } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';

const SERVICES = ['relay', 'gateway', 'audit-logger', 'moderator', 'console'] as const;

const read = (path: string): string => readFileSync(join(repoRoot, path), 'utf8');
const compose = read('compose.yaml');
const dockerfile = read('docker/Dockerfile');

function namesIn(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name]) => name ?? ''))].sort();
}

/** Commented out or not. */
const settingsOf = (envFile: string): string[] => namesIn(read(envFile), /^(?:# )?([A-Z][A-Z_0-9]*)=/gm);

/** What stands behind the first `start`. */
const section = (text: string, start: string): string => text.slice(text.indexOf(start) + start.length);

describe('the files of a deployment', () => {
  it('name each setting of compose.yaml in .env.example, and no other', () => {
    // NODE_IMAGE goes to the build by its name alone.
    const used = [...namesIn(compose, /\$\{([A-Z_0-9]+)/g), 'NODE_IMAGE'].sort();
    expect(settingsOf('.env.example')).toEqual(used);
  });

  it('set nothing for the demo that compose.yaml does not know', () => {
    const known = [...settingsOf('.env.example'), 'COMPOSE_PROJECT_NAME'];
    expect(settingsOf('docker/demo.env').filter((name) => !known.includes(name))).toEqual([]);
  });

  it('set nothing on Kubernetes that no service knows', () => {
    const known = read('docs/configuration.md') + read('packages/rights/src/command.ts');
    const manifests = globSync('docker/kubernetes/*.yaml', { cwd: repoRoot }).map(read).join('\n');
    const set = [
      ...namesIn(manifests, /name: ([A-Z][A-Z_]+?)(?:_FILE)?, value/g),
      ...settingsOf('docker/kubernetes/settings.env'),
    ];
    expect(set.length).toBeGreaterThan(10);
    const suffixOf = (name: string) => name.replace('POSTGRES_PASS', '');
    expect(set.filter((name) => !known.includes(name) && !known.includes(suffixOf(name)))).toEqual([]);
  });

  it.each(SERVICES)('give %s one health port', (name) => {
    const [port] = namesIn(read(`apps/${name}/src/config.ts`), /healthPort: (\d+)/g);
    const inImage = /HEALTH_PORT=(\d+)/.exec(section(dockerfile, `AS ${name}\n`))?.[1];
    const inCompose = /HEALTH_PORT: (\d+)/.exec(section(compose, `\n  ${name}:\n`))?.[1];
    const onKubernetes = /name: health, containerPort: (\d+)/.exec(
      read(`docker/kubernetes/${name}.yaml`),
    )?.[1];
    expect({ inImage, inCompose, onKubernetes }).toEqual({
      inImage: port,
      inCompose: port,
      onKubernetes: port,
    });
  });

  it.each(SERVICES)('start %s with the flags with which it is measured', (name) => {
    const ofImage = section(dockerfile, `AS ${name}\n`).split('\nFROM ')[0] ?? '';
    const ofAll = section(dockerfile, 'AS service\n');
    const [command = ''] = /^CMD .*main\.js.*$/m.exec(ofImage) ?? /^CMD .*main\.js.*$/m.exec(ofAll) ?? [];
    const flags = deployedNodeOptions(name).split(' ');
    expect(JSON.parse(command.slice('CMD '.length))).toEqual(['node', ...flags, 'main.js']);
    expect(ofImage).toContain(`RUN node ${flags.join(' ')} main.js --help`);
  });

  it('let the broker raise its alarm before it has used what its container may', () => {
    const watermark = /high_watermark\.absolute = (\d+)MiB/.exec(read('docker/rabbitmq/rabbitmq.conf'))?.[1];
    const limit = /mem_limit: (\d+)g/.exec(section(compose, 'x-server:'))?.[1];
    expect(Number(watermark)).toBeLessThan(Number(limit) * 1024 * 0.75);
    expect(Number(watermark)).toBeGreaterThan(0);
  });
});
