import { createDatabase, type EventRow, insertEvents } from '@wbor/database';
import { v4, v7 } from 'uuid';
import type { TestBed } from './test-bed.ts';

type Post = Partial<EventRow<'groupme_posts'>>;

/** Writes rows as the audit-logger does. */
export function auditRows(bed: TestBed) {
  const { close, db } = createDatabase({ connectionString: bed.databaseUrl, maxConnections: 1 });
  const common = (at: Date) => ({
    event_id: v7({ msecs: at.getTime() }),
    occurred_at: at,
    bot: 'b0',
    payload: {},
  });

  return {
    db,
    close,
    /** A post of a message of its own, delivered in one part unless told otherwise. @returns the message's id. */
    async post({ occurred_at = new Date(), wbor_message_id = v4(), ...more }: Post = {}): Promise<string> {
      const at = new Date(occurred_at);
      await insertEvents(db, 'groupme_posts', [
        {
          ...common(at),
          wbor_message_id,
          source: 'ups',
          code: 202,
          text: 'Power is back',
          picture_url: null,
          part: 1,
          parts: 1,
          attempt: 1,
          outcome: 'delivered',
          evidence: null,
          sender: null,
          sender_name: null,
          duration_ms: 80,
          error: null,
          ...more,
        },
      ]);
      return wbor_message_id ?? '';
    },
    async echo(at: Date, text: string): Promise<void> {
      await insertEvents(db, 'groupme_echoes', [
        {
          ...common(at),
          wbor_message_id: v4(),
          source: 'groupme.callback',
          code: 200,
          groupme_id: String(at.getTime()),
          group_id: '1',
          sender: '9',
          sender_name: 'WBOR',
          sender_type: 'bot',
          text,
          picture_url: null,
        },
      ]);
    },
  };
}

/** Words of a page, without its tags and as they are read. */
export function wordsOf(html: string): string {
  const main = html.slice(html.indexOf('<main'));
  return main
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}
