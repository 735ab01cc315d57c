import { setTimeout as delay } from 'node:timers/promises';
import { PublishError } from '@wbor/amqp';
import { type BanRequest, banRequest, handledBanRequest } from '@wbor/contracts';
import { v7 as uuid } from 'uuid';
import type { Session } from '../../auth/session-store.ts';
import type { PageDeps } from '../../deps.ts';
import { ConsoleError } from '../../errors.ts';
import { isHandled } from './queries.ts';

const ANSWERED_WITHIN_MS = 5_000;
const POLL_MS = 100;
const MAX_SUBJECT_LENGTH = 300;
const MAX_NAME_LENGTH = 100;

/** What is asked for, without who asks and when. */
export type Wish = Pick<BanRequest, 'action' | 'sender' | 'wbor_message_id' | 'until' | 'reason'>;

/**
 * Writes down that somebody asks the moderator, who alone changes bans, for a change; asks, and waits a little for it.
 *
 * @param target as it is written down: no number.
 * @returns whether it has been done.
 * @throws ConsoleError 503 when the broker does not take it.
 */
export async function askModerator(
  { actions, broker, db }: Pick<PageDeps, 'actions' | 'broker' | 'db'>,
  session: Session,
  wish: Wish,
  { length, target }: { readonly target: string; readonly length?: string },
): Promise<boolean> {
  const connected = broker();
  const id = uuid();
  await actions.add(session, {
    action: `sender.${wish.action}`,
    target,
    detail: { request: id, ...(length === undefined ? {} : { length }) },
  });
  const request: BanRequest = {
    ...wish,
    id,
    by: session.subject.slice(0, MAX_SUBJECT_LENGTH),
    by_name: session.name.slice(0, MAX_NAME_LENGTH),
    at: new Date().toISOString(),
  };
  try {
    await connected.publish(banRequest, request, { messageId: id });
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    throw new ConsoleError(
      503,
      'The broker did not take it',
      'The moderator may have got it all the same: see Bans, and try again in a minute.',
      { cause: error },
    );
  }
  const deadline = performance.now() + ANSWERED_WITHIN_MS;
  while (!(await isHandled(db, handledBanRequest({ id })))) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}
