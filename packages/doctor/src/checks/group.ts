import { describeError } from '../describe-error.ts';
import { type Check, fault, ok, skipped } from '../types.ts';

/** Whether the relay could look up a post that is in doubt. */
export const group: Check = {
  name: 'group',
  summary: 'whether the messages of the group can be read',
  async run({ groupMe: seen }) {
    if (seen === undefined) return [];
    if (!seen.hasToken || seen.groupId === undefined) {
      return [skipped('relay', 'needs GROUPME_GROUP_ID and GROUPME_ACCESS_TOKEN')];
    }
    try {
      await seen.client.listGroupMessages(seen.groupId, { limit: 1 });
      return [ok('relay', `group ${seen.groupId} can be read`)];
    } catch (error) {
      return [
        fault(
          'relay',
          `group ${seen.groupId} cannot be read: ${describeError(error)}`,
          'correct GROUPME_GROUP_ID; the owner of GROUPME_ACCESS_TOKEN must be a member of that group',
        ),
      ];
    }
  },
};
