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
});
