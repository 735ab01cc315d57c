import { shorten } from '@wbor/message-text';
import { sql } from 'kysely';
import { plural } from '../messages/show.ts';
import { type Command, done } from './types.ts';

/** Says what the tables say, and nothing that the moderator cannot know, such as how the relay is. */
export const status: Command = {
  name: 'status',
  restricted: false,
  help: { added: '!status - Tell how things are' },
  async run({ clock, db, describeRelays, now }) {
    const delivered = await db
      .selectFrom('groupme_posts')
      .select(['occurred_at', 'source'])
      .where('outcome', '=', 'delivered')
      .orderBy('occurred_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    const failed = await db
      .selectFrom('groupme_posts')
      .select(['occurred_at', 'outcome', 'code'])
      .where('outcome', 'in', ['refused', 'unreachable', 'unknown', 'misconfigured', 'rejected'])
      .where('occurred_at', '>', new Date(now.getTime() - 3_600_000))
      .orderBy('occurred_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    const { rows } = await sql<{ version: string; bans: string; waiting: string }>`
      select (select version from ban_list_version) as version,
        (select count(*) from bans where lifted_at is null and (until is null or until > ${now})) as bans,
        (select count(*) from moderator_outbox where published_at is null) as waiting
    `.execute(db);
    const { version = '0', bans = '0', waiting = '0' } = rows[0] ?? {};
    const warning = describeRelays();
    const reply = [
      'The moderator runs, and Postgres answers.',
      delivered
        ? `Last post on record: ${clock.showTime(delivered.occurred_at)}, from ${shorten(delivered.source ?? '', 60) || 'an unknown source'}.`
        : 'No post is on record yet.',
      failed
        ? `Last trouble in the past hour: ${clock.showTime(failed.occurred_at)}, ${failed.outcome} (code ${failed.code ?? 'none'}).`
        : 'No trouble with GroupMe on record in the past hour.',
      `${plural(Number(bans), 'ban')}, version ${version} of the list.`,
      ...(Number(waiting) === 0
        ? []
        : [`${plural(Number(waiting), 'message')} of mine wait to be published.`]),
      ...(warning === undefined ? [] : [warning]),
    ].join('\n');
    return { ...done(reply), page: '/' };
  },
};
