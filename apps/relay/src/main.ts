import { runService } from '@wbor/service';
import { startRelay } from './build-relay.ts';
import { relaySettings } from './config.ts';

await runService(
  {
    name: 'relay',
    summary: 'forwards messages from the exchange to the GroupMe chat',
    settings: relaySettings,
    start: startRelay,
  },
  process,
);
