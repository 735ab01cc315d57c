const API_HOST = 'api.twilio.com';

/**
 * Says what Twilio's API wants to see before it gives out the media of an account that protects them. The credentials go to
 * no other host, to no other account's resources, and nowhere without TLS.
 *
 * @returns the `authorization` for an address; undefined for one that is none of the account's.
 */
export function authorizeTwilioMedia(account: {
  readonly sid: string;
  readonly authToken: string;
}): (url: URL) => string | undefined {
  const basic = `Basic ${Buffer.from(`${account.sid}:${account.authToken}`).toString('base64')}`;
  return ({ hostname, pathname, port, protocol }) => {
    const isTwilio = protocol === 'https:' && hostname === API_HOST && port === '';
    // Messages and recordings are there as well: media alone are pictures.
    const isMedia = pathname.includes(`/Accounts/${account.sid}/`) && pathname.includes('/Media/');
    return isTwilio && isMedia ? basic : undefined;
  };
}
