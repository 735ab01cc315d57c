import * as client from 'openid-client';
import { ConsoleError } from '../errors.ts';
import { type RoleLists, roleOf } from './roles.ts';
import { cleanName, type Identity } from './who.ts';

/** What must come back from the provider with whoever signs in. Kept in a cookie meanwhile. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** The page that was asked for. */
  readonly back: string;
}

export interface OidcSignIn {
  /** @returns the provider's page. @throws ConsoleError 502 while the provider is away. */
  begin(back: string): Promise<{ readonly url: string; readonly pending: PendingSignIn }>;
  /**
   * @param url of the page to which the provider has sent the browser back, with its query.
   * @throws ConsoleError 403 when the provider's answer is not true, or somebody has no role.
   */
  end(url: URL, pending: PendingSignIn): Promise<Identity>;
}

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly scopes: string;
  readonly groupsClaim: string;
  /** Where the provider sends browsers back to. */
  readonly redirectUrl: string;
  readonly roles: RoleLists;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Sign-in by OpenID Connect: authorization code with PKCE. The provider is asked for its addresses when somebody first signs in. */
export function createOidcSignIn(options: OidcOptions): OidcSignIn {
  let known: client.Configuration | undefined;

  async function configuration(): Promise<client.Configuration> {
    const issuer = new URL(options.issuer);
    // Without TLS only a provider on this machine can be believed.
    const isLocal = issuer.protocol === 'http:' && LOOPBACK.includes(issuer.hostname);
    known ??= await client.discovery(issuer, options.clientId, options.clientSecret, undefined, {
      execute: isLocal ? [client.allowInsecureRequests] : [],
      timeout: 10,
    });
    return known;
  }

  return {
    async begin(back) {
      const pending = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
        back,
      };
      const config = await configuration().catch((cause: unknown) => {
        throw new ConsoleError(
          502,
          'The sign-in service does not answer',
          'Try again in a minute. If it stays so, OIDC_ISSUER may be wrong, or that service is down.',
          { cause },
        );
      });
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: options.redirectUrl,
        scope: options.scopes,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, pending };
    },

    async end(url, pending) {
      const config = await configuration();
      const tokens = await client
        .authorizationCodeGrant(config, url, {
          expectedState: pending.state,
          expectedNonce: pending.nonce,
          pkceCodeVerifier: pending.verifier,
          idTokenExpected: true,
        })
        .catch((cause: unknown) => {
          throw new ConsoleError(403, 'The sign-in did not succeed', 'Try again.', { cause });
        });
      const told = tokens.claims();
      if (told === undefined) throw new ConsoleError(403, 'The sign-in did not succeed', 'Try again.');
      const more = await askMore(config, tokens.access_token, told.sub);
      const claims = { ...told, ...more };
      // That one place calls an address verified says nothing of the address in another.
      const { email: address, email_verified: isVerified } = more.email === undefined ? told : more;
      const email = isVerified === true && typeof address === 'string' ? [address] : [];
      const name = [claims.name, claims.preferred_username, claims.email].find(
        (it) => typeof it === 'string',
      );
      const role = roleOf([...email, ...groupsIn(claims[options.groupsClaim])], options.roles);
      const shown = cleanName(String(name ?? ''), 'somebody');
      if (role === undefined) {
        throw new ConsoleError(
          403,
          `You are ${shown}, and have no role here`,
          'Whoever runs the console gives roles by group or e-mail address: VIEWERS, MODERATORS, OPERATORS.',
        );
      }
      return { subject: `oidc:${claims.sub}`, name: shown, role, way: 'oidc' };
    },
  };
}

/** Names and groups need not stand in the token: a provider may tell them only when it is asked. */
async function askMore(
  config: client.Configuration,
  accessToken: string,
  subject: string,
): Promise<Partial<client.UserInfoResponse>> {
  if (config.serverMetadata().userinfo_endpoint === undefined) return {};
  return client.fetchUserInfo(config, accessToken, subject).catch((cause: unknown) => {
    throw new ConsoleError(502, 'The sign-in service does not say who you are', 'Try again in a minute.', {
      cause,
    });
  });
}

function groupsIn(claim: unknown): string[] {
  if (typeof claim === 'string') return [claim];
  return Array.isArray(claim) ? claim.filter((group): group is string => typeof group === 'string') : [];
}
