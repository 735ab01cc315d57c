import { runService } from '@wbor/service';
import { relaySettings } from './config.ts';
import { startRelay } from './start.ts';

await runService(
  {
    name: 'relay',
    summary: 'forwards messages from the exchange to the GroupMe chat',
    settings: relaySettings,
    start: startRelay,
  },
  process,
);
