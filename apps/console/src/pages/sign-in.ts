import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { OidcSignIn, PendingSignIn } from '../auth/oidc.ts';
import { ownPath } from '../auth/own-path.ts';
import type { PasswordSignIn } from '../auth/password-sign-in.ts';
import { cleanName } from '../auth/who.ts';
import { ConsoleError } from '../errors.ts';
import { type Html, html } from '../html.ts';

export interface SignInOptions {
  readonly password: PasswordSignIn | undefined;
  readonly oidc: OidcSignIn | undefined;
  readonly publicUrl: string | undefined;
}

/** The provider leads back from another site, by a link: hence `lax`. */
const PENDING_ATTRIBUTES = { path: '/', httpOnly: true, sameSite: 'lax', maxAge: 600 } as const;
const WRONG_PASSWORD_PAUSE_MS = 500;
const ATTEMPTS_A_MINUTE = 10;

const pendingSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  back: z.string(),
});

/** How somebody gets in, and out again. */
export const signInRoutes: FastifyPluginAsyncZod<SignInOptions> = async (app, options) => {
  const { oidc, password, publicUrl } = options;
  const isSecure = publicUrl?.startsWith('https:') ?? false;
  // The prefix keeps other hosts of the domain from setting it, and so from signing somebody in as another.
  const pendingCookie = isSecure ? '__Host-wbor-console-sign-in' : 'wbor-console-sign-in';
  const limited = { role: 'public', rateLimit: { max: ATTEMPTS_A_MINUTE, timeWindow: 60_000 } } as const;

  app.get(
    '/sign-in',
    { config: { role: 'public' }, schema: { querystring: z.object({ back: z.string().optional() }) } },
    async (request, reply) => reply.page(signInPage(ownPath(request.query.back), options)),
  );

  app.post(
    '/sign-in',
    {
      config: limited,
      schema: { body: z.object({ name: z.string(), password: z.string(), back: z.string().optional() }) },
    },
    async (request, reply) => {
      const { back, name } = request.body;
      const role = password?.(request.body.password);
      if (role === undefined) {
        request.log.warn({ ip: request.ip }, 'a wrong password');
        await pause(WRONG_PASSWORD_PAUSE_MS);
        reply.code(403);
        return reply.page(signInPage(ownPath(back), options, 'That is not the password.'));
      }
      const shown = cleanName(name, 'somebody');
      await reply.signIn({ subject: `password:${shown.toLowerCase()}`, name: shown, role, way: 'password' });
      request.log.info({ who: shown, role }, 'signed in by password');
      return reply.goTo(ownPath(back));
    },
  );

  if (oidc) {
    // A link and not a form: `form-action` would forbid that one leads to the provider.
    app.get(
      '/sign-in/oidc',
      { config: limited, schema: { querystring: z.object({ back: z.string().optional() }) } },
      async (request, reply) => {
        const { pending, url } = await oidc.begin(ownPath(request.query.back));
        reply.setCookie(pendingCookie, JSON.stringify(pending), { ...PENDING_ATTRIBUTES, secure: isSecure });
        return reply.redirect(url, 303);
      },
    );

    app.get('/sign-in/oidc/back', { config: limited }, async (request, reply) => {
      const pending = readPending(request.cookies[pendingCookie]);
      reply.clearCookie(pendingCookie, { ...PENDING_ATTRIBUTES, secure: isSecure });
      if (pending === undefined) {
        throw new ConsoleError(403, 'This sign-in was not begun here', 'Begin again at “Sign in”.');
      }
      const identity = await oidc.end(new URL(`${publicUrl}${request.url}`), pending);
      await reply.signIn(identity);
      request.log.info({ who: identity.subject, role: identity.role }, 'signed in by OpenID Connect');
      return reply.goTo(ownPath(pending.back));
    });
  }

  app.post('/sign-out', async (_request, reply) => {
    await reply.signOut();
    return reply.redirect('/sign-in', 303);
  });
};

function signInPage(back: string, { oidc, password }: SignInOptions, fault?: string) {
  const passwordForm: Html = html`<form method="post" action="/sign-in" class="stack">
    ${fault && html`<p class="fault" role="alert">${fault}</p>`}
    <input type="hidden" name="back" value=${back} />
    <label>Your name <input name="name" required autocomplete="username" maxlength="80" /></label>
    <label
      >Password
      <input name="password" type="password" required autocomplete="current-password" maxlength="1000"
    /></label>
    <button class="main">Sign in</button>
  </form>`;
  return {
    title: 'Sign in',
    body: html`<div class="narrow">
      <h1>Sign in</h1>
      ${oidc && html`<p><a class="button main" href=${`/sign-in/oidc?back=${encodeURIComponent(back)}`}>Sign in with your account</a></p>`}
      ${password && passwordForm}
      ${!oidc && !password && html`<p>Here the proxy before the console says who you are, and it has named nobody with a role.</p>`}
    </div>`,
  };
}

function readPending(cookie: string | undefined): PendingSignIn | undefined {
  try {
    return pendingSchema.parse(JSON.parse(cookie ?? ''));
  } catch {
    return undefined;
  }
}
