export type { Group, MemberMessage } from './chat.ts';
export { SimulatorTimeoutError } from './errors.ts';
export { type Fault, type FaultRoute, type FaultState, faultSchema } from './fault-schema.ts';
export {
  type BotOptions,
  type Simulator,
  type SimulatorOptions,
  type SimulatorState,
  startSimulator,
} from './start-simulator.ts';
export type { Attachment, CallbackDelivery, ChatMessage, RecordedRequest } from './types.ts';
