import {
  type BrokerStartOptions,
  type PostgresStartOptions,
  startBroker,
  startPostgres,
  type TestBroker,
  type TestPostgres,
} from '@wbor/testkit';
import type { Releases } from './releases.ts';
import { type RunStep, runUnwatched, startAll } from './start-all.ts';

/** Starts a broker and a Postgres. What was started before a failure is in `releases`. */
export async function startServers(options: {
  readonly broker: BrokerStartOptions;
  readonly postgres: PostgresStartOptions;
  readonly releases: Releases;
  /** Without it both start at the same time. */
  readonly runStep?: RunStep;
}): Promise<{ broker: TestBroker; postgres: TestPostgres }> {
  const keep = async <Server extends TestBroker | TestPostgres>(
    starting: Promise<Server>,
  ): Promise<Server> => {
    const server = await starting;
    options.releases.add(() => server.dispose());
    return server;
  };
  const run = options.runStep ?? runUnwatched;
  const [broker, postgres] = await startAll(
    [
      () =>
        run(
          'RabbitMQ',
          () => keep(startBroker(options.broker)),
          ({ how }) => how,
        ),
      () =>
        run(
          'Postgres',
          () => keep(startPostgres(options.postgres)),
          ({ how }) => how,
        ),
    ],
    { oneByOne: options.runStep !== undefined },
  );
  return { broker, postgres };
}
