import type { ConsoleConfig } from '../config.ts';

/**
 * Who may sign in how, and what as, in one text: a password that got about and was changed, or a name that was taken off a list,
 * must not live on in a session.
 */
export function signInRules(config: ConsoleConfig): string {
  return JSON.stringify([
    config.CONSOLE_PASSWORD?.reveal(),
    config.CONSOLE_PASSWORD_ROLE,
    config.OIDC_ISSUER,
    config.OIDC_CLIENT_ID,
    config.OIDC_GROUPS_CLAIM,
    config.PROXY_USER_HEADER,
    config.PROXY_GROUPS_HEADER,
    config.VIEWERS,
    config.MODERATORS,
    config.OPERATORS,
  ]);
}
