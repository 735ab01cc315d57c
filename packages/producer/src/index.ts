export { ProducerError } from './errors.ts';
export { createProducer } from './producer.ts';
export type {
  CallReport,
  FallbackOptions,
  Producer,
  ProducerErrorCode,
  ProducerOptions,
  ProducerStatus,
  SendOptions,
  SendResult,
} from './types.ts';
