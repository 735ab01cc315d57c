import { type DashboardClear, dashboardClear } from '@wbor/contracts';
import { idFor } from '../ids.ts';
import { outgoing } from '../replies/outgoing.ts';
import { plainWord } from '../text/plain-text.ts';
import { type Command, done, invalid } from './types.ts';

const SCOPES: ReadonlyMap<string, DashboardClear['scope']> = new Map([
  ['', 'all'],
  ['all', 'all'],
  ['messages', 'messages'],
]);

/** Asks the studio dashboard to clear itself. Whether a queue takes that is known, and said, once it is published. */
export const clear: Command = {
  name: 'clear',
  restricted: true,
  help: { added: '!clear - Clear the studio dashboard' },
  async run({ call, now }) {
    const scope = SCOPES.get(plainWord(call.argument));
    if (scope === undefined) return invalid('Nothing was cleared. Use !clear, or !clear messages.');
    const body: DashboardClear = {
      requested_by: call.callerName ?? call.callerId,
      at: now.toISOString(),
      scope,
    };
    const message = outgoing(dashboardClear, body, {
      messageId: idFor('clear', call.callbackId),
      mandatory: true,
    });
    return { ...done('Asked the studio dashboard to clear itself.', [message]), answeredLater: true };
  },
};
