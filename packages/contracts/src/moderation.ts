import { z } from 'zod';
import { defineMessage } from './define.ts';

/** A sender whose SMS are not forwarded. */
const banSchema = z.object({
  /** As the SMS service gives it, E.164. */
  sender: z.string().min(1),
  /** ISO 8601; null bans for good. */
  until: z.iso.datetime().nullable(),
});
export type Ban = z.infer<typeof banSchema>;

/**
 * `moderation.bans`: the whole ban list. Published on every change, each minute, and when it is asked for. A list
 * with a lower version than one that was seen is old and is ignored, unless only such lists have come for minutes.
 */
export const banListSchema = z.object({
  version: z.number().int().nonnegative(),
  bans: z.array(banSchema),
});
export type BanList = z.infer<typeof banListSchema>;

/** `moderation.bans.request`: a relay that has just started asks for the list. */
const banListRequestSchema = z.looseObject({});

/** `source.groupme.command`: a command that was typed in the chat, and what came of it. */
export const commandEventSchema = z.looseObject({
  type: z.literal('command'),
  source: z.literal('moderator'),
  /** GroupMe's id of the message that held the command. */
  callback_id: z.string(),
  wbor_message_id: z.string(),
  command: z.string(),
  argument: z.string(),
  caller_id: z.string(),
  caller_name: z.string().optional(),
  /** `done`, `refused` (not allowed), `invalid` (no such command or argument), `too-old`. */
  result: z.enum(['done', 'refused', 'invalid', 'too-old']),
  reply: z.string(),
  at: z.iso.datetime(),
});
export type CommandEvent = z.infer<typeof commandEventSchema>;

/** `source.groupme.ban`: a change of the ban list. Numbers in full: this is for the audit. */
export const banEventSchema = z.looseObject({
  type: z.literal('ban'),
  source: z.literal('moderator'),
  action: z.enum(['ban', 'unban', 'expired']),
  sender: z.string(),
  until: z.iso.datetime().nullable(),
  reason: z.string().optional(),
  /** The message whose UID was given. */
  about: z.string().optional(),
  caller_id: z.string().optional(),
  caller_name: z.string().optional(),
  callback_id: z.string().optional(),
  version: z.number().int().nonnegative(),
  at: z.iso.datetime(),
});
export type BanEvent = z.infer<typeof banEventSchema>;

/** `dashboard.clear`: asks the studio dashboard to clear itself. */
const dashboardClearSchema = z.object({
  requested_by: z.string(),
  at: z.iso.datetime(),
  scope: z.enum(['all', 'messages']).default('all'),
});
export type DashboardClear = z.infer<typeof dashboardClearSchema>;

export const banListMessage = defineMessage({
  exchange: 'source',
  key: 'moderation.bans',
  schema: banListSchema,
});
export const banListRequest = defineMessage({
  exchange: 'source',
  key: 'moderation.bans.request',
  schema: banListRequestSchema,
});
export const commandEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.command',
  schema: commandEventSchema,
});
export const banEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.ban',
  schema: banEventSchema,
});
export const dashboardClear = defineMessage({
  exchange: 'source',
  key: 'dashboard.clear',
  schema: dashboardClearSchema,
});
/** Where the moderator's replies go: forwarded, paced and audited like everything else. */
export const COMMAND_REPLY_KEY = 'source.standard.command';
