import { azuracastMessage } from '@wbor/contracts';
import { defineSource } from './source.ts';

/** What AzuraCast says of its stations, through the gateway. It does not say what has changed: see `../stations/`. */
export const azuracast = defineSource({
  key: azuracastMessage.key,
  schema: azuracastMessage.schema,
  read({ now_playing: seen, received_at, station }) {
    const { live, now_playing: playing } = seen;
    const { name, shortcode } = seen.station;
    // While nothing is on, it gives words of its own for a song.
    const song = playing.sh_id === 0 ? undefined : playing.song.text;
    return {
      kind: 'status',
      source: 'azuracast',
      station: station ?? shortcode ?? 'main',
      name: name ?? station ?? 'The station',
      atMs: received_at ?? undefined,
      seen: {
        online: seen.is_online ?? undefined,
        live: live.is_live ?? undefined,
        streamer: live.streamer_name?.trim(),
        song: song?.trim(),
      },
    };
  },
  examples: [
    {
      key: 'source.azuracast.nowplaying',
      body: {
        station: 'main',
        received_at: 1748779200000,
        now_playing: {
          station: { id: 1, name: 'WBOR', shortcode: 'wbor', timezone: 'America/New_York' },
          listeners: { total: 7, unique: 6, current: 7 },
          live: { is_live: true, streamer_name: 'Night Owl', broadcast_start: 1748779190, art: null },
          now_playing: {
            sh_id: 7,
            played_at: 1748779100,
            duration: 180,
            playlist: '',
            streamer: 'Night Owl',
            is_request: false,
            song: { id: 'a1', text: 'Artist - Title', artist: 'Artist', title: 'Title' },
          },
          playing_next: null,
          song_history: [],
          is_online: true,
          cache: 'event',
        },
      },
      becomes: {
        kind: 'status',
        source: 'azuracast',
        station: 'main',
        name: 'WBOR',
        atMs: 1748779200000,
        seen: { online: true, live: true, streamer: 'Night Owl', song: 'Artist - Title' },
      },
    },
  ],
});
