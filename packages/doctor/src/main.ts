import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { errorMessage } from '@wbor/async';
import { checks } from './checks/index.ts';
import { readEnvironments } from './environment.ts';
import { examine } from './examine.ts';
import { parseOptions, USAGE, UsageError } from './options.ts';
import { createPatient } from './patient.ts';
import { exitCodeOf, redactResult, renderJson, renderResult, renderSummary } from './render.ts';
import { createSecretsRedactor } from './secrets.ts';
import { type ServiceName, serviceNames } from './services.ts';
import type { CheckResult } from './types.ts';

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const services = options.services ?? (await servicesHere());
  const environments = await readEnvironments(services, process.cwd(), process.env);
  const redact = createSecretsRedactor(environments);
  const patient = createPatient(environments);
  const withColours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  const results: CheckResult[] = [];
  const wanted = checks.filter(({ sends }) => options.send || !sends);
  for await (const result of examine(patient, wanted)) {
    const clean = redactResult(result, redact);
    results.push(clean);
    if (!options.json) process.stdout.write(renderResult(clean, withColours));
  }
  process.stdout.write(options.json ? renderJson(results) : renderSummary(results));
  await patient.close();
  return exitCodeOf(results);
}

/** An image says beside the bundle which service it is made for. */
async function servicesHere(): Promise<readonly ServiceName[]> {
  const name = await readFile(join(import.meta.dirname, 'service-name'), 'utf8').catch(() => '');
  const service = serviceNames.find((known) => known === name.trim());
  return service === undefined ? serviceNames : [service];
}

let code: number;
try {
  code = await main();
} catch (error) {
  process.stderr.write(`doctor: ${errorMessage(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(USAGE);
  code = error instanceof UsageError ? 2 : 1;
}
// What hangs is not waited for.
process.exit(code);
