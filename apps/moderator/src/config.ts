import { brokerSettings, commonSettings, flag, list, requireBroker, secret } from '@wbor/service';
import { z } from 'zod';

/** Every setting of the moderator. `.env.example` lists the same, which a test checks. */
export const moderatorSettings = z
  .object({
    ...commonSettings({ healthPort: 2004 }),
    ...brokerSettings(),
    DATABASE_URL: secret().describe(
      'postgres://user:password@host:port/database, the one of the audit logger. A direct connection.',
    ),
    GROUPME_GROUP_ID: z.string().min(1).describe('The group whose members may give commands.'),
    MODERATOR_USER_IDS: list()
      .default([])
      .describe('User ids that may ban, unban and clear. Empty: every member of the group.'),
    ANNOUNCE_EXPIRED_BANS: flag().default(false).describe('Say in the chat when a ban has run out.'),
  })
  .check(requireBroker)
  .superRefine((config, context) => {
    const url = URL.parse(config.DATABASE_URL.reveal());
    if (url && /^postgres(?:ql)?:$/.test(url.protocol)) return;
    context.addIssue({
      code: 'custom',
      path: ['DATABASE_URL'],
      message: 'must look like postgres://user:password@host:port/database',
    });
  });

export type ModeratorConfig = z.infer<typeof moderatorSettings>;
