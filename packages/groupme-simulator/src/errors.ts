/** What a test waited for did not come. */
export class SimulatorTimeoutError extends Error {
  override readonly name = 'SimulatorTimeoutError';
  readonly code = 'SIMULATOR_TIMEOUT';
}
