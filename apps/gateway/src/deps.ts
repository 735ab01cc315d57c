import type { Broker } from '@wbor/amqp';
import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import type { MessageStates } from './outcomes/message-states.ts';
import type { RelayReplies } from './outcomes/relay-replies.ts';
import type { Spool } from './spool/spool.ts';
import type { HookTemplates } from './templates/hook-templates.ts';
import type { TokenStore } from './tokens/token-store.ts';

/** A value that is wrapped so that it cannot be printed. */
export interface Revealable {
  reveal(): string;
}

export interface GatewaySettings {
  /** The shared password of `/send`; without it only tokens count. */
  readonly password: Revealable | undefined;
  readonly tokens: TokenStore;
  /** Last part of the callback's path; the callback is closed when it is missing, unless it is open. */
  readonly callbackSecret: Revealable | undefined;
  /** Counts only without a callback secret. */
  readonly openCallback: boolean;
  /** The account's token at Twilio, and where Twilio calls us. Without both its hook is closed. */
  readonly twilioAuthToken: Revealable | undefined;
  /** Our address as the world knows it, without a slash at its end. */
  readonly publicUrl: string | undefined;
  /** What `/hooks/:name` knows. */
  readonly hooks: HookTemplates;
  readonly botId: Revealable | undefined;
  /** Addresses, CIDRs or range names; see `parseTrustProxy`. */
  readonly trustProxy: readonly string[];
  readonly rateLimits: RateLimits;
  /** Whether `/send`, whose callers can repeat, may be answered from the spool, too. */
  readonly spoolSend: boolean;
  /** How long a request waits for the broker's confirm. */
  readonly publishTimeoutMs: number;
}

/** Calls a minute; 0 is no limit. */
export interface RateLimits {
  /** Calls per token; by those who know the shared password, per address and source. */
  readonly send: number;
  /** Refused calls per address. */
  readonly refused: number;
  /** Calls per address of the pages that need no password. */
  readonly public: number;
}

/** All that the gateway needs from outside. */
export interface GatewayDeps {
  readonly settings: GatewaySettings;
  readonly logger: FastifyBaseLogger;
  readonly registry: Registry;
  /** Resolves once the broker has confirmed the message and some queue took it; throws a PublishError. */
  readonly publish: Broker['publish'];
  /** What the relay says of messages whose callers wait. */
  readonly replies: RelayReplies;
  /** What became of messages lately. */
  readonly states: MessageStates;
  /** Keeps what comes while the broker is away; without one that is refused. */
  readonly spool: Spool | undefined;
  /** Whether publishing would work now. */
  readonly brokerReady: () => boolean;
}
