import { messageOf, TestkitError } from '../errors.ts';
import { brokerAnswers } from './answers.ts';
import type { TestBroker } from './types.ts';

/**
 * The broker of `RABBITMQ_URL`: used as it is, never stopped or configured.
 * @throws TestkitError `NO_BROKER` when it does not answer.
 */
export async function useExternalBroker(url: string): Promise<TestBroker> {
  const shown = new URL(url);
  shown.password = '';
  try {
    await brokerAnswers(url);
  } catch (error) {
    throw new TestkitError(
      'NO_BROKER',
      `RABBITMQ_URL names ${shown.host}${shown.pathname}, which does not take our connection: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const refuse = async (): Promise<never> => {
    throw new TestkitError(
      'NOT_OWNED',
      'the broker of RABBITMQ_URL is not ours to stop or to configure; use startBroker({ private: true })',
    );
  };
  return {
    url,
    managementUrl: undefined,
    owned: false,
    pid: undefined,
    how: `RABBITMQ_URL (${shown.host})`,
    stop: refuse,
    start: refuse,
    kill: refuse,
    closeAllConnections: refuse,
    setMemoryAlarm: refuse,
    addVhost: refuse,
    addUser: refuse,
    control: refuse,
    dispose: async () => undefined,
  };
}
