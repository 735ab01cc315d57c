import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { mayActAs } from '../auth/roles.ts';
import type { Session, SessionStore } from '../auth/session-store.ts';
import type { PageDeps } from '../deps.ts';
import { ConsoleError } from '../errors.ts';
import { type Html, html } from '../html.ts';
import { csrfField } from '../layout/page.ts';
import { sessionOf } from '../plugins/sessions.ts';

interface AccountOptions {
  readonly deps: PageDeps;
  readonly sessions: SessionStore;
}

/**
 * Where somebody is signed in; an operator sees and ends everybody's sessions. Whoever knows the one password is who they say
 * they are, so they see this session alone.
 */
export const accountRoutes: FastifyPluginAsyncZod<AccountOptions> = async (app, { deps, sessions }) => {
  const { actions, clock } = deps;

  app.get('/account', async (request, reply) => {
    const own = sessionOf(request);
    const listed = (await sessions.list()).filter((session) => mayEnd(session, own));
    return reply.page({
      title: 'Your account',
      body: html`<h1>${own.name}</h1>
        <p>You are signed in as <strong>${own.role}</strong>.</p>
        ${own.way === 'proxy' && html`<p>A proxy before the console says who you are: a session that is ended begins anew until that proxy lets its owner in no more.</p>`}
        <h2>Sessions</h2>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Who</th>
                <th scope="col">Role</th>
                <th scope="col">Since</th>
                <th scope="col">Last seen</th>
                <th scope="col"><span class="hidden">End it</span></th>
              </tr>
            </thead>
            <tbody>
              ${listed.map((session) => row(session, own))}
            </tbody>
          </table>
        </div>`,
    });
  });

  function row(session: Session, own: Session): Html {
    return html`<tr>
      <td>${session.name}${session.id === own.id && ' (this one)'}</td>
      <td>${session.role}</td>
      <td>${clock.showTime(session.startedAt)}</td>
      <td>${clock.showTime(session.lastSeenAt)}</td>
      <td>
        <form method="post" action="/account/end">
          ${csrfField(own.csrf)}
          <input type="hidden" name="id" value=${session.id} />
          <button class="quiet" aria-label=${`End the session of ${session.name}`}>End</button>
        </form>
      </td>
    </tr>`;
  }

  app.post(
    '/account/end',
    { schema: { body: z.object({ id: z.string().regex(/^\d{1,18}$/) }) } },
    async (request, reply) => {
      const own = sessionOf(request);
      const { id } = request.body;
      const meant = (await sessions.list()).find((session) => session.id === id);
      if (meant === undefined) return reply.goTo('/account', 'That session is over already.');
      if (!mayEnd(meant, own)) {
        throw new ConsoleError(403, 'Only an operator ends sessions of others');
      }
      await actions.add(own, { action: 'session.end', target: meant.subject });
      await sessions.end(id);
      return reply.goTo('/account', `The session of ${meant.name} is over.`);
    },
  );
};

function mayEnd(session: Session, own: Session): boolean {
  if (session.id === own.id || mayActAs(own.role, 'operator')) return true;
  return own.way !== 'password' && session.subject === own.subject;
}
