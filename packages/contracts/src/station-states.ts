import { z } from 'zod';
import { defineMessage } from './define.ts';
import { relayStationsQueue } from './queues.ts';

const epochMs = z.number().int().nonnegative();

/** What a station was last seen to do. */
const stationStateSchema = z.object({
  station: z.string().min(1).describe('As the address of the webhook names it.'),
  at: epochMs.describe('When it was seen, epoch milliseconds.'),
  online: z.boolean().nullable().describe('Null while nobody has said.'),
  online_since: epochMs.nullable().describe('Since when that is so; null when it began before it was seen.'),
  live: z.boolean(),
  live_since: epochMs.nullable().describe('Since when that is so, or the same person streams.'),
  streamer: z.string().nullable(),
  song: z.string().nullable().describe('Null unless songs are for the chat.'),
});
export type StationState = z.infer<typeof stationStateSchema>;

const stationStatesSchema = z.object({ stations: z.array(stationStateSchema) });

export const stationStates = defineMessage({
  exchange: 'default',
  key: relayStationsQueue.name,
  schema: stationStatesSchema,
  summary: 'What all stations were last seen to do. From the relay to whichever relay reads next.',
  publishers: ['relay'],
  example: {
    stations: [
      {
        station: 'main',
        at: 1748779200000,
        online: true,
        online_since: 1748692800000,
        live: true,
        live_since: 1748779200000,
        streamer: 'Night Owl',
        song: null,
      },
    ],
  },
});
