import { createStationClock } from '@wbor/station-clock';

/** The station's time where no setting says otherwise. */
export const stationClock = createStationClock('America/New_York');
