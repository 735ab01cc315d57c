export { type ParkingQueue, type Verdict, walkParked } from './parked-queue.ts';
export type { ParkedMessage } from './read-parked.ts';
