import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: object;
}

interface Kustomization {
  readonly patches: readonly { readonly path: string }[];
  readonly resources: readonly string[];
}

type Models = Readonly<Record<string, new (resource: object) => { validate(): void }>>;
/** By API version: models with the schemas that Kubernetes and the Prometheus operator publish. */
const MODELS: Readonly<Record<string, () => Promise<Models>>> = {
  v1: () => load(import('kubernetes-models/v1')),
  'apps/v1': () => load(import('kubernetes-models/apps/v1')),
  'batch/v1': () => load(import('kubernetes-models/batch/v1')),
  'networking.k8s.io/v1': () => load(import('kubernetes-models/networking.k8s.io/v1')),
  'policy/v1': () => load(import('kubernetes-models/policy/v1')),
  'monitoring.coreos.com/v1': () =>
    load(import('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1')),
};
const load = async (models: Promise<object>): Promise<Models> => (await models) as Models;

const FOLDER = join(repoRoot, 'docker/kubernetes');
/** Parts of resources, which kustomize puts into others. */
const PATCHES = ['every-service.yaml', 'every-workload.yaml'];

const manifests = globSync('*.yaml', { cwd: FOLDER })
  .filter((file) => file !== 'kustomization.yaml')
  .flatMap((file) =>
    parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map((document): Manifest => {
      expect(document.errors, file).toEqual([]);
      return { file, ...document.toJS() };
    }),
  );

/** @throws what is wrong with it. */
async function validate({ file, ...manifest }: Manifest): Promise<void> {
  const { apiVersion, kind, spec } = manifest;
  const models = await MODELS[apiVersion]?.();
  const Model = models?.[kind];
  if (Model === undefined) throw new Error(`nobody here knows ${apiVersion} ${kind}`);
  const whole = PATCHES.includes(file) ? { ...manifest, spec: { selector: {}, ...spec } } : manifest;
  new Model(whole).validate();
}

describe('the manifests of docker/kubernetes', () => {
  it.each(
    manifests.map((manifest) => [manifest.file, manifest.kind, manifest.metadata.name, manifest] as const),
  )('are what Kubernetes knows: %s, %s %s', async (_file, _kind, _name, manifest) => {
    await expect(validate(manifest)).resolves.toBeUndefined();
  });

  it('would not be with a text for a number, or with something missing', async () => {
    const relay = manifests.find(({ file, kind }) => file === 'relay.yaml' && kind === 'Deployment');
    if (relay === undefined) throw new Error('there is no relay');
    await expect(validate({ ...relay, spec: { ...relay.spec, replicas: '2' } })).rejects.toThrow(
      'replicas must be integer',
    );
    await expect(validate({ ...relay, spec: { replicas: 2 } })).rejects.toThrow(
      'must have required property selector',
    );
  });

  it('are all named by its kustomization', () => {
    const { patches, resources }: Kustomization = parse(
      readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8'),
    );
    const named = [...resources, ...patches.map(({ path }) => path)].sort();
    expect(named).toEqual([...new Set(manifests.map(({ file }) => file))].sort());
  });
});
