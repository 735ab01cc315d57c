import process from 'node:process';
import { runService } from '@wbor/service';
import { moderatorSettings } from './config.ts';
import { startModerator } from './start.ts';

await runService(
  {
    name: 'moderator',
    summary: 'runs the commands that are typed in the chat, and owns the bans',
    settings: moderatorSettings,
    start: startModerator,
  },
  process,
);
