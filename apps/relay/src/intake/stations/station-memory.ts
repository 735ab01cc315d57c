import type { Broker, Delivery } from '@wbor/amqp';
import { errorMessage } from '@wbor/async';
import { readMessage, type StationState, stationStates } from '@wbor/contracts';
import type { Logger } from '@wbor/service';

/** What each station was last seen to do, also by the relay before this one: a queue keeps the newest word of it. */
export interface StationMemory {
  /** @param delivery a new channel of it means that another relay may have been at work meanwhile. */
  find(station: string, delivery: Pick<Delivery, 'channelId'>): Promise<StationState | undefined>;
  /** Resolves once the broker has it in store. */
  store(state: StationState, lost: AbortSignal): Promise<void>;
}

/** Names come from the gateway's addresses. More than a college has stations. */
const MAX_STATIONS = 50;
const MAX_BYTES = 262_144;

export function createStationMemory(options: {
  broker: Pick<Broker, 'browse' | 'publishUntilConfirmed'>;
  /** Full name of the queue. */
  queue: string;
  logger: Logger;
}): StationMemory {
  const { broker, logger, queue } = options;
  /** The one that was seen last is the last. */
  let known = new Map<string, StationState>();
  let channelId: number | undefined;

  async function read(): Promise<Map<string, StationState> | undefined> {
    const browser = await broker.browse(queue, { maxMessageBytes: MAX_BYTES });
    let newest: Map<string, StationState> | undefined;
    try {
      for (let entry = await browser.next(); entry; entry = await browser.next()) {
        const reading = readMessage(stationStates, entry);
        if (reading.ok) newest = new Map(reading.value.stations.map((state) => [state.station, state]));
      }
    } finally {
      await browser.close();
    }
    return newest;
  }

  return {
    async find(station, delivery) {
      if (delivery.channelId !== channelId) {
        try {
          known = (await read()) ?? known;
        } catch (error) {
          // What is told of a change may be wrong; not to tell of any would be worse.
          logger.warn(
            { queue, error: errorMessage(error) },
            'could not read what stations were last seen to do; a change may be missed or told twice',
          );
        }
        channelId = delivery.channelId;
      }
      return known.get(station);
    },
    async store(state, lost) {
      known.delete(state.station);
      known.set(state.station, state);
      for (const oldest of [...known.keys()].slice(0, -MAX_STATIONS)) known.delete(oldest);
      try {
        await broker.publishUntilConfirmed(stationStates, { stations: [...known.values()] }, {}, lost);
      } catch (error) {
        if (lost.aborted) return;
        logger.warn(
          { queue, error: errorMessage(error) },
          'could not store what a station does; the next relay may miss a change',
        );
      }
    },
  };
}
