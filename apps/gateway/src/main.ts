import process from 'node:process';
import { runService } from '@wbor/service';
import { gatewaySettings } from './config.ts';
import { startGateway } from './start.ts';

await runService(
  {
    name: 'gateway',
    summary: 'HTTP in: /send and GroupMe callbacks, republished on the exchange',
    settings: gatewaySettings,
    start: startGateway,
  },
  process,
);
