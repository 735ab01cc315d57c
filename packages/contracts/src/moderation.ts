import { z } from 'zod';
import { defineMessage } from './define.ts';
import { ORIGINAL_KEY_HEADER } from './headers.ts';

/**
 * How far the version of a list may lie ahead of a relay's clock. What is further ahead would silence the moderator for as
 * long, so no relay takes it.
 */
export const MAX_BAN_LIST_LEAD_MS = 5 * 60_000;

/** A sender whose SMS are not forwarded. */
const banSchema = z.object({
  sender: z
    .string()
    .min(1)
    .describe('A number in E.164, or what else names a sender; relays compare normal forms.'),
  until: z.iso.datetime().nullable().describe('ISO 8601; null bans without an end.'),
});
export type Ban = z.infer<typeof banSchema>;

export const banListSchema = z.object({
  version: z
    .number()
    .int()
    .nonnegative()
    .describe(
      'Epoch milliseconds of the last change, and greater than the version before. A list with a lower version than one that was seen is old and is ignored, unless only such lists have come for minutes. One that is more than five minutes ahead of the clock is refused.',
    ),
  bans: z.array(banSchema),
});
export type BanList = z.infer<typeof banListSchema>;

const banListRequestSchema = z.looseObject({});

const banListStateSchema = z.looseObject({
  relay: z.string().min(1).max(100).describe('Made up by each relay process at its start.'),
  version: z.number().int().nonnegative().nullable().describe('Of the list that is enforced; null: none.'),
  refused: z
    .object({
      version: z.number().int().nonnegative().nullable().describe('Null where it could not be read.'),
      reason: z.enum(['ahead', 'old', 'invalid']),
    })
    .nullable()
    .describe('The list that came last, if it was not taken.'),
  at: z.iso.datetime(),
});
export type BanListState = z.infer<typeof banListStateSchema>;

export const commandEventSchema = z.looseObject({
  type: z.literal('command'),
  source: z.literal('moderator'),
  callback_id: z.string().describe("GroupMe's id of the message that held the command."),
  wbor_message_id: z.string().describe('Of the callback in the audit.'),
  command: z.string().describe('Without the `!`.'),
  argument: z.string(),
  caller_id: z.string().describe("GroupMe's id of the caller."),
  caller_name: z.string().optional(),
  result: z
    .enum(['done', 'refused', 'invalid', 'too-old'])
    .describe(
      '`refused`: the caller may not use it, or has given too many commands; `invalid`: no such command, or an argument that cannot be read.',
    ),
  reply: z.string().describe('What the chat was told; empty: nothing.'),
  at: z.iso.datetime(),
});
export type CommandEvent = z.infer<typeof commandEventSchema>;

export const banEventSchema = z.looseObject({
  type: z.literal('ban'),
  source: z.literal('moderator'),
  action: z.enum(['ban', 'unban', 'expired']),
  sender: z.string().describe('The phone number in full: this is for the audit.'),
  until: z.iso.datetime().nullable().describe('Null: without an end.'),
  reason: z.string().optional(),
  about: z.string().optional().describe('`wbor_message_id` of the message whose UID was given.'),
  caller_id: z.string().optional(),
  caller_name: z.string().optional(),
  callback_id: z.string().optional(),
  version: z.number().int().nonnegative().describe('Of the list that holds the change.'),
  at: z.iso.datetime(),
});
export type BanEvent = z.infer<typeof banEventSchema>;

const dashboardClearSchema = z.object({
  requested_by: z.string().describe('The name of the caller, or the id where it has none.'),
  at: z.iso.datetime(),
  scope: z.enum(['all', 'messages']).default('all'),
});
export type DashboardClear = z.infer<typeof dashboardClearSchema>;

export const banListMessage = defineMessage({
  exchange: 'source',
  key: 'moderation.bans',
  schema: banListSchema,
  summary: 'The whole ban list. Published on every change, each minute, and when it is asked for.',
  publishers: ['moderator'],
  // A moderator hears lists that are not its own.
  listeners: ['relay', 'moderator'],
  example: { version: 1748779200000, bans: [{ sender: '+12075550123', until: '2025-06-08T12:00:00.000Z' }] },
});

export const banListRequest = defineMessage({
  exchange: 'source',
  key: 'moderation.bans.request',
  schema: banListRequestSchema,
  summary: 'Asks for the ban list: a relay has just started, or may have missed a change.',
  publishers: ['relay'],
  listeners: ['moderator'],
  example: {},
});

export const banListState = defineMessage({
  exchange: 'source',
  key: 'moderation.bans.state',
  schema: banListStateSchema,
  summary: 'A relay tells which ban list it enforces, whenever one came, and whether it took that one.',
  publishers: ['relay'],
  listeners: ['moderator', 'console'],
  example: {
    relay: '5b1c7c1e-1111-4222-8333-444455556666',
    version: 1748779200000,
    refused: null,
    at: '2025-06-01T12:00:00.000Z',
  },
});

export const commandEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.command',
  schema: commandEventSchema,
  summary: 'A command that was typed in the chat, and what came of it.',
  publishers: ['moderator'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    type: 'command',
    source: 'moderator',
    callback_id: '174877920000000001',
    wbor_message_id: 'guid-1',
    command: 'ban',
    argument: '0a1b2c3d 7d spam',
    caller_id: '77',
    caller_name: 'Manager',
    result: 'done',
    reply: 'Banned …0123 until Sunday.',
    at: '2025-06-01T12:00:00.000Z',
  },
});

export const banEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.ban',
  schema: banEventSchema,
  summary: 'A change of the ban list.',
  publishers: ['moderator'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    type: 'ban',
    source: 'moderator',
    action: 'ban',
    sender: '+12075550123',
    until: '2025-06-08T12:00:00.000Z',
    reason: 'spam',
    about: '0a1b2c3d-1111-4222-8333-444455556666',
    caller_id: '77',
    caller_name: 'Manager',
    callback_id: '174877920000000001',
    version: 1748779200000,
    at: '2025-06-01T12:00:00.000Z',
  },
});

export const dashboardClear = defineMessage({
  exchange: 'source',
  key: 'dashboard.clear',
  schema: dashboardClearSchema,
  summary: 'Asks the studio dashboard to clear itself.',
  publishers: ['moderator'],
  listeners: ['studio dashboard'],
  example: { requested_by: 'Manager', at: '2025-06-01T12:00:00.000Z', scope: 'messages' },
});
