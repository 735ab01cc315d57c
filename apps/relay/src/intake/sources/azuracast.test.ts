import { isAmqp, readFixtures } from '@wbor/source-fixtures';
import { expect, it } from 'vitest';
import { azuracast } from './azuracast.ts';

/** As the gateway publishes what AzuraCast's webhook says. */
function read(fixture: string, station: string | undefined = 'wbor') {
  const send = readFixtures().find(({ name }) => name === fixture)?.sends[0];
  if (send === undefined || isAmqp(send)) throw new Error(`${fixture} is no call`);
  const body = { station, received_at: 1748779200000, now_playing: JSON.parse(send.body) };
  return azuracast.read(azuracast.schema.parse(body), azuracast.key, body);
}

it('reads what a station does', () => {
  expect(read('azuracast-4-live')).toEqual({
    kind: 'status',
    source: 'azuracast',
    station: 'wbor',
    name: 'WBOR',
    atMs: 1748779200000,
    seen: { online: true, live: true, streamer: 'Night Owl', song: 'Nina Simone - Sinnerman' },
  });
});

it('takes the words of a station that is offline for no song', () => {
  expect(read('azuracast-2-offline')).toMatchObject({
    seen: { online: false, live: false, song: undefined },
  });
});
