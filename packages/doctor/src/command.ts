import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommandLine } from '@wbor/command-line';
import { checks } from './checks/index.ts';
import { type Environment, readEnvironments } from './environment.ts';
import { examine } from './examine.ts';
import { type DoctorOptions, parseOptions, USAGE } from './options.ts';
import { createPatient } from './patient.ts';
import { exitCodeOf, redactResult, renderJson, renderResult, renderSummary } from './render.ts';
import { createSecretsRedactor } from './secrets.ts';
import { type ServiceName, serviceNames } from './services.ts';
import type { CheckResult } from './types.ts';

/** The parts of a process that the command needs. */
export interface Host {
  /** Without program and script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Where `.env` is looked for. */
  readonly cwd: string;
  /** Where an image says for which service it is made. */
  readonly bundleFolder: string;
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** @returns the exit code: 0 nothing is wrong, 1 a fault, 2 a command line that makes no sense. */
export function runCommand(host: Host): Promise<number> {
  const run = (options: DoctorOptions) => look(options, host);
  return runCommandLine({ name: 'doctor', usage: USAGE, parse: parseOptions, run }, host);
}

async function look({ json, send, services }: DoctorOptions, host: Host): Promise<number> {
  const { stdout } = host;
  const names = services ?? (await servicesOf(host.bundleFolder));
  const environments = await readEnvironments(names, host.cwd, host.env);
  const redact = createSecretsRedactor(environments);
  const patient = createPatient(environments);
  const withColours = stdout.isTTY === true && host.env.NO_COLOR === undefined;
  const results: CheckResult[] = [];
  const wanted = checks.filter(({ sends }) => send || !sends);
  for await (const result of examine(patient, wanted)) {
    const clean = redactResult(result, redact);
    results.push(clean);
    if (!json) stdout.write(renderResult(clean, withColours));
  }
  stdout.write(json ? renderJson(results) : renderSummary(results));
  await patient.close();
  return exitCodeOf(results);
}

async function servicesOf(bundleFolder: string): Promise<readonly ServiceName[]> {
  const name = await readFile(join(bundleFolder, 'service-name'), 'utf8').catch(() => '');
  const service = serviceNames.find((known) => known === name.trim());
  return service === undefined ? serviceNames : [service];
}
