import process from 'node:process';
import { runService } from '@wbor/service';
import { startModerator } from './build-moderator.ts';
import { moderatorSettings } from './config.ts';

await runService(
  {
    name: 'moderator',
    summary: 'runs the commands that are typed in the chat, and owns the bans',
    settings: moderatorSettings,
    start: startModerator,
  },
  process,
);
