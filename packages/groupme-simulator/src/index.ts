export type { CallbackDelivery } from './callbacks.ts';
export type { Attachment, ChatMessage, Group, MemberMessage } from './chat.ts';
export { SimulatorTimeoutError } from './errors.ts';
export { type Fault, type FaultRoute, type FaultState, faultSchema } from './faults.ts';
export type { RecordedRequest } from './request-log.ts';
export {
  type BotOptions,
  type Simulator,
  type SimulatorOptions,
  type SimulatorState,
  startSimulator,
} from './start-simulator.ts';
