import process from 'node:process';
import { runService } from '@wbor/service';
import { consoleSettings } from './config.ts';
import { startConsole } from './start.ts';

await runService(
  {
    name: 'console',
    summary: 'Web pages for managers and whoever is on call: see, search, replay, ban',
    settings: consoleSettings,
    start: startConsole,
  },
  process,
);
