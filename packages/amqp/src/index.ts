export { connectBroker } from './broker.ts';
export { BrokerConfigurationError, PublishError, type PublishErrorCode } from './errors.ts';
export { originalKey, PARKED_HEADERS, type Parking, parkDelivery, REPLAYED_KEY_HEADER } from './parking.ts';
export type {
  Broker,
  BrokerOptions,
  BrowsedMessage,
  ConsumedQueue,
  Consumer,
  ConsumerOptions,
  Delivery,
  Listener,
  ListenerOptions,
  Logger,
  OutgoingBytes,
  OutgoingMessage,
  QueueBrowser,
} from './types.ts';
