import type { ServiceProcess } from '@wbor/testkit';
import type { Steps } from './steps.ts';

/** Says when a service ends though nobody stops it, and where its last words are. */
export function sayWhenOneEnds(
  services: readonly Pick<ServiceProcess, 'app' | 'exited' | 'logFile'>[],
  steps: Pick<Steps, 'bad'>,
  isStopping: () => boolean,
): void {
  for (const { app, exited, logFile } of services) {
    void exited.then(({ exitCode, signal }) => {
      if (isStopping()) return;
      steps.bad(`${app} has ended (${signal ?? `exit code ${exitCode}`}). Its log: ${logFile}`);
    });
  }
}
