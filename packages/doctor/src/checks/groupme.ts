import { GroupMeConfigurationError, GroupMeUnreachableError } from '@wbor/groupme';
import { describeError } from '../describe-error.ts';
import { type Check, type Finding, fault, ok, skipped } from '../types.ts';

/** Whether GroupMe answers, and takes the token. */
export const groupMe: Check = {
  name: 'groupme',
  summary: 'GroupMe: reachable, and the token',
  async run({ groupMe: seen }) {
    if (seen === undefined) return [];
    const findings: Finding[] = [];
    try {
      await seen.client.readClock();
      findings.push(ok('relay', `${seen.apiUrl} answers`));
    } catch (error) {
      return [
        fault(
          'relay',
          `${seen.apiUrl} cannot be reached: ${describeError(error)}`,
          'see that this machine has a way to the internet (DNS, proxy, firewall), and that GROUPME_API_URL is right',
        ),
      ];
    }
    if (!seen.hasToken) return [...findings, skipped('relay', 'no GROUPME_ACCESS_TOKEN is set')];
    try {
      await seen.client.getMe();
      findings.push(ok('relay', 'the token is accepted'));
    } catch (error) {
      findings.push(
        error instanceof GroupMeConfigurationError
          ? fault(
              'relay',
              `GroupMe does not accept the token: ${error.message}`,
              "set GROUPME_ACCESS_TOKEN to a valid token of the bot's owner, from dev.groupme.com",
            )
          : fault(
              'relay',
              `GroupMe did not say whose the token is: ${describeError(error)}`,
              error instanceof GroupMeUnreachableError
                ? 'look at the network between this machine and GroupMe'
                : 'run it again in a minute; if it stays so, see that GROUPME_API_URL is right',
            ),
      );
    }
    return findings;
  },
};
