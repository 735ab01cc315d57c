export type { BrokerAddress, BrokerTls } from './address.ts';
export { connectBroker } from './broker.ts';
export type { Broker } from './broker-types.ts';
export { BrokerConfigurationError, PublishError, type PublishErrorCode } from './errors.ts';
export { type HandOver, type Moved, openHandOver } from './hand-over.ts';
export { type Answer as BrokerAnswer, type BrokerInspection, inspectBroker } from './inspection.ts';
export { parkableHeaders } from './parkable-headers.ts';
export { type ParkedWatch, startParkedWatch } from './parked-watch.ts';
export { HANDED_OUT_BEFORE, originalKey, type Parking, parkDelivery } from './parking.ts';
export { describeNodes, findLostNodes } from './preflight.ts';
export { startQueueWatch } from './queue-watch.ts';
export type {
  BrokerOptions,
  BrowsedMessage,
  BrowseOptions,
  BytesOptions,
  ConsumedQueue,
  Consumer,
  ConsumerLimits,
  ConsumerOptions,
  Delivery,
  ForeignBindings,
  HeardMessage,
  Listener,
  ListenerOptions,
  Logger,
  PublishOptions,
  QueueBrowser,
  ReplyQueue,
  ScreenReason,
} from './types.ts';
