import { gatewaySettings } from '@wbor/gateway/config';
import type { Bot } from '@wbor/groupme';
import { z } from 'zod';
import { describeError } from '../describe-error.ts';
import { type GroupMeSeen, type Patient, readPart } from '../patient.ts';
import { type Check, type Finding, fault, ok, skipped, warning } from '../types.ts';

const callbackPart = z.object({
  GROUPME_CALLBACK_SECRET: gatewaySettings.shape.GROUPME_CALLBACK_SECRET,
  PUBLIC_URL: gatewaySettings.shape.PUBLIC_URL,
});

/** Whether the bot is there, in our group, and calls our gateway back. Only the token's own account tells of its bots. */
export const bot: Check = {
  name: 'bot',
  summary: 'the bot: there, of our group, and its callback URL ours',
  async run(patient) {
    const { groupMe: seen } = patient;
    if (seen === undefined) return [];
    if (!seen.hasToken) return [skipped('relay', 'without a token GroupMe tells of no bot')];
    let bots: Bot[];
    try {
      bots = await seen.client.listBots();
    } catch (error) {
      return [skipped('relay', `GroupMe did not tell of its bots: ${describeError(error)}`)];
    }
    const found = bots.find(({ bot_id: id }) => id === seen.botId);
    if (found === undefined) {
      return [
        fault(
          'relay',
          `the account of the token has no bot with GROUPME_BOT_ID; it has ${bots.length} other ones`,
          "set GROUPME_BOT_ID to the bot's id, from dev.groupme.com/bots; or GROUPME_ACCESS_TOKEN to a token of the bot's owner; or make the bot again if it was deleted",
        ),
      ];
    }
    return [examineBot(found, seen), examineCallbackUrl(found, patient)];
  },
};

function examineBot(found: Bot, seen: GroupMeSeen): Finding {
  if (found.active === false) {
    return fault(
      'relay',
      'the bot is switched off',
      'switch it on at dev.groupme.com/bots, or make it again',
    );
  }
  if (seen.groupId === undefined) {
    return warning(
      'relay',
      'GROUPME_GROUP_ID is not set: a post in doubt is not looked up in the group',
      `set GROUPME_GROUP_ID to the bot's group, ${found.group_id}`,
    );
  }
  if (found.group_id !== seen.groupId) {
    return fault(
      'relay',
      `the bot is of group ${found.group_id}, and GROUPME_GROUP_ID is ${seen.groupId}`,
      'set GROUPME_GROUP_ID to the group of the bot for relay and moderator, or GROUPME_BOT_ID to a bot of that group',
    );
  }
  return ok('relay', `the bot is there, in group ${found.group_id}`);
}

function examineCallbackUrl(found: Bot, { environments }: Patient): Finding {
  const fix =
    "set the bot's callback URL at dev.groupme.com/bots to https://YOUR-HOST/callback/SECRET, where SECRET is GROUPME_CALLBACK_SECRET";
  const url = URL.parse(found.callback_url ?? '');
  if (url === null) {
    return fault('gateway', 'the bot has no callback URL: no commands and no echoes come', fix);
  }
  const config = readPart(callbackPart, environments.get('gateway'));
  const secret = config?.GROUPME_CALLBACK_SECRET;
  if (config === undefined || secret === undefined) {
    return skipped(
      'gateway',
      `whether the callback URL at ${url.host} is right; its GROUPME_CALLBACK_SECRET is not known here`,
    );
  }
  const base = URL.parse(config.PUBLIC_URL ?? '');
  if (!url.pathname.endsWith(`/callback/${secret.reveal()}`)) {
    return fault(
      'gateway',
      `the bot's callback URL, at ${url.host}, does not end in /callback/ and our secret`,
      fix,
    );
  }
  if (base !== null && base.host !== url.host) {
    return warning(
      'gateway',
      `the bot calls ${url.host} back, and PUBLIC_URL is at ${base.host}`,
      "see whether both lead to the gateway; else correct PUBLIC_URL, or the bot's callback URL at dev.groupme.com/bots",
    );
  }
  return ok('gateway', `the bot calls back at ${url.host}, with our secret`);
}
