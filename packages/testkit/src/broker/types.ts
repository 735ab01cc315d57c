export interface BrokerStartOptions {
  /** Where the data lives from one run to the next. Default: a temporary folder, removed in the end. */
  readonly dataDir?: string;
  /** Never the broker of `RABBITMQ_URL`: for tests that stop it, or that need it for themselves. */
  readonly private?: boolean;
  /** Serve the management pages too; costs about a second at start. Default false. */
  readonly management?: boolean;
  /** More lines for `rabbitmq.conf`. Ignored by a broker that is not ours. */
  readonly config?: readonly string[];
  /** Told of slow steps, such as an installation. */
  readonly onProgress?: (step: string) => void;
}

/**
 * A real RabbitMQ. What acts on the broker itself (`stop`, `kill`, `addUser` …) throws TestkitError `NOT_OWNED`
 * unless `owned`.
 */
export interface TestBroker {
  /** `amqp://user:password@host:port`, with the default virtual host. */
  readonly url: string;
  /** The management pages, when they were asked for and are known. */
  readonly managementUrl: string | undefined;
  readonly owned: boolean;
  /** Of the server's process, while it runs; undefined for one that is not ours or in a container. */
  readonly pid: number | undefined;
  /** Where it comes from, for people; without a password. */
  readonly how: string;
  /** In good order. Data and port stay. */
  stop(): Promise<void>;
  /** After `stop` or `kill`: same port, same data. Resolves once AMQP connections are taken. */
  start(): Promise<void>;
  /** SIGKILL: no goodbyes, no flushing. */
  kill(): Promise<void>;
  closeAllConnections(): Promise<void>;
  /** Blocks and unblocks publishers, as a broker short of memory does. */
  setMemoryAlarm(on: boolean): Promise<void>;
  /** Creates a virtual host that the default user may use, and returns its URL. */
  addVhost(name: string): Promise<string>;
  /** Creates a user without any permission beyond `configure`, `write`, `read` (regular expressions). */
  addUser(user: NewUser): Promise<string>;
  /** Any `rabbitmqctl` command. Takes one to two seconds. */
  control(...args: readonly string[]): Promise<string>;
  /** Ends the broker when it is ours, and removes what was temporary. Idempotent. */
  dispose(): Promise<void>;
}

export interface NewUser {
  readonly name: string;
  readonly password: string;
  readonly vhost?: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}
