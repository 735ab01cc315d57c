import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_EXCHANGE_NAME } from '@wbor/contracts';
import type { Simulator } from '@wbor/groupme-simulator';
import { demoGatewaySettings, openFixtureSender, type SourceFixture } from '@wbor/source-fixtures';
import { type Releases, startServers, startSystem } from '@wbor/start-system';
import { listenerPhoto, serveBytes, startHttpServer, waitFor } from '@wbor/testkit';

/** A system that takes every fixture, on servers of its own. */
export interface SourcesSystem {
  readonly simulator: Simulator;
  /** Empties the chat, sends the fixture, and resolves with the number of its posts once they are there. */
  send(fixture: SourceFixture): Promise<number>;
}

const NOTIFICATIONS = 'notifications';

export async function startSourcesSystem(releases: Releases): Promise<SourcesSystem> {
  const { broker, postgres } = await startServers({
    broker: { private: true },
    postgres: { private: true },
    releases,
  });
  const { url: databaseUrl } = await postgres.createDatabase();
  const web = await startHttpServer({ 'GET /photo': serveBytes(listenerPhoto(), 'image/jpeg') });
  releases.add(() => web.dispose());
  // Before the relay looks for the exchange.
  const sender = await openFixtureSender({
    brokerUrl: broker.url,
    notifications: NOTIFICATIONS,
    pictureUrl: `${web.url}/photo`,
  });
  releases.add(() => sender.close());
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  releases.add(async () => rmSync(folder, { recursive: true }));
  const { gatewayUrl, simulator } = await startSystem({
    brokerUrl: broker.url,
    databaseUrl,
    processes: { relay: 'relay', gateway: 'gateway' },
    env: {
      relay: { NOTIFICATIONS_EXCHANGE: NOTIFICATIONS, FOLD_SECONDS: '2', GROUPME_RATE_PER_SECOND: '0' },
      gateway: demoGatewaySettings(folder),
    },
    releases,
  });
  return {
    simulator,
    async send(fixture) {
      const posts = fixture.chat.length + (fixture.pictures ?? 0);
      simulator.reset();
      await sender.send(fixture, { gatewayUrl, exchange: DEFAULT_EXCHANGE_NAME });
      await waitFor(() => simulator.messages().length >= posts, { what: `the posts of ${fixture.name}` });
      return posts;
    },
  };
}
