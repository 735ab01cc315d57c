import {
  brokerSettings,
  commonSettings,
  consumerSettings,
  databaseSettings,
  flag,
  list,
  requireBroker,
} from '@wbor/service';
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
    ANNOUNCE_EXPIRED_BANS: flag().default(false).describe('Say in the chat when a ban has run out.'),
  })
  .check(requireBroker);

export type ModeratorConfig = z.infer<typeof moderatorSettings>;
