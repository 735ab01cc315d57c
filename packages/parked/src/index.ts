export { type ParkedMessage, type Verdict, walkParked } from './parked-queue.ts';
