import { countrySetting } from '@wbor/phone';
import {
  brokerSettings,
  commonSettings,
  consoleUrlSetting,
  consumerSettings,
  databaseSettings,
  flag,
  list,
  number,
  requireBroker,
} from '@wbor/service';
import { timeZoneSetting } from '@wbor/station-clock';
import { z } from 'zod';

/** Every setting of the moderator. `.env.example` lists the same, which a test checks. */
export const moderatorSettings = z
  .object({
    ...commonSettings({ healthPort: 2004 }),
    ...brokerSettings(),
    ...consumerSettings(),
    ...databaseSettings(),
    GROUPME_GROUP_ID: z.string().min(1).describe('The group whose members may give commands.'),
    MODERATOR_USER_IDS: list()
      .default([])
      .describe('User ids that may ban, unban and clear. Empty: every member of the group.'),
    COMMANDS_PER_MINUTE: number()
      .pipe(z.number().int().min(0).max(1_000))
      .default(20)
      .describe(
        'Commands of one member that are run in a minute; 0: no limit. One more is answered, the rest ignored.',
      ),
    STATION_TIME_ZONE: timeZoneSetting('Time zone of the station: times in answers, and where days are cut.'),
    STATION_COUNTRY: countrySetting(),
    CONSOLE_URL: consoleUrlSetting(),
    ANNOUNCE_EXPIRED_BANS: flag().default(false).describe('Say in the chat when a ban has run out.'),
  })
  .check(requireBroker);

export type ModeratorConfig = z.infer<typeof moderatorSettings>;
