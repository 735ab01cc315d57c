import type { WireProperties } from '@wbor/testkit';

interface Named {
  /** The word that it carries. */
  readonly token: string;
  /** What it is, for people. */
  readonly what: string;
}

/** A message on the broker, as a producer's user may publish it today. */
export interface AmqpInput extends Named {
  readonly kind: 'amqp';
  readonly exchange: 'source' | 'default';
  /** The routing key, or a queue's name without its prefix. */
  readonly key: string;
  readonly content: Buffer;
  readonly properties: WireProperties;
}

/** A request to the gateway, byte for byte. */
export interface HttpInput extends Named {
  readonly kind: 'http';
  readonly request: Buffer;
  /** Of a call by another program: whether the chat must show the token, once it was taken. */
  readonly isSaid: boolean;
}

/** Something that a member types in the chat. */
export interface ChatInput extends Named {
  readonly kind: 'chat';
  readonly name: string;
  readonly text: string;
  readonly attachments: readonly { readonly type: string }[];
}

export type Input = AmqpInput | HttpInput | ChatInput;
