import type { Bans } from '../../src/moderation/bans.ts';
import type { Incident } from './schedule.ts';

/** The ban list: it knows of one sender, who is banned or not, and is certain of that or not. */
export interface ModelBans extends Pick<Bans, 'isBannedNow' | 'certain' | 'untilCertain'> {
  readonly banned: boolean;
  /** Enters what has happened, if it concerns the list. */
  happen(what: Incident): void;
}

export function createModelBans(): ModelBans {
  let banned = false;
  let certainty = Promise.withResolvers<void>();
  let certain = true;
  return {
    get banned() {
      return banned;
    },
    isBannedNow: () => banned,
    get certain() {
      return certain;
    },
    untilCertain: (signal) =>
      new Promise((resolve) => {
        if (certain || signal.aborted) return resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
        void certainty.promise.then(resolve);
      }),
    happen(what) {
      if (what === 'ban' || what === 'unban') banned = what === 'ban';
      if (what === 'bans-uncertain') certain = false;
      if (what !== 'bans-certain') return;
      certain = true;
      certainty.resolve();
      certainty = Promise.withResolvers();
    },
  };
}
