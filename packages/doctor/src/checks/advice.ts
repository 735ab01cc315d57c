import { gatewaySettings } from '@wbor/gateway/config';
import { relaySettings } from '@wbor/relay/config';
import { readPart } from '../patient.ts';
import { type Check, type Finding, fault, warning } from '../types.ts';

/** What may be left out, and is missed later. */
export const advice: Check = {
  name: 'advice',
  summary: 'settings that may be left out, and are missed later',
  async run({ environments }) {
    return [...adviseRelay(), ...adviseGateway()];

    function adviseRelay(): Finding[] {
      const config = readPart(relaySettings, environments.get('relay'));
      if (config === undefined || config.GROUPME_ACCESS_TOKEN !== undefined) return [];
      return [
        warning(
          'relay',
          'GROUPME_ACCESS_TOKEN is not set: pictures are named in the chat, not shown, and a post in doubt is not looked up',
          "set GROUPME_ACCESS_TOKEN to a token of the bot's owner, from dev.groupme.com",
        ),
      ];
    }

    function adviseGateway(): Finding[] {
      const config = readPart(gatewaySettings, environments.get('gateway'));
      if (config === undefined) return [];
      const findings: Finding[] = [];
      if (config.APP_PASSWORD === undefined && config.TOKENS_FILE === undefined) {
        findings.push(
          warning(
            'gateway',
            'neither APP_PASSWORD nor TOKENS_FILE is set: nobody may send over HTTP',
            'set TOKENS_FILE and make a token with `npm run token -- create NAME`, or set APP_PASSWORD',
          ),
        );
      }
      if (config.SPOOL_FILE === undefined) {
        findings.push(
          warning(
            'gateway',
            'SPOOL_FILE is not set: callbacks and hooks that come while the broker is away are lost',
            'set SPOOL_FILE to a file on a disk that stays',
          ),
        );
      }
      if (config.GROUPME_CALLBACK_SECRET !== undefined) return findings;
      return [
        ...findings,
        config.ALLOW_OPEN_CALLBACK
          ? fault(
              'gateway',
              'ALLOW_OPEN_CALLBACK is on: anybody can forge commands of the chat',
              'set GROUPME_CALLBACK_SECRET, and take ALLOW_OPEN_CALLBACK away',
            )
          : fault(
              'gateway',
              'GROUPME_CALLBACK_SECRET is not set: /callback is closed, so there are no commands and no echoes',
              "set GROUPME_CALLBACK_SECRET, and the bot's callback URL to https://YOUR-HOST/callback/SECRET",
            ),
      ];
    }
  },
};
