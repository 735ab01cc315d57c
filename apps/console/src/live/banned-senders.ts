import type { SenderNormaliser } from '@wbor/phone';
import type { Logger } from '@wbor/service';

/** Whose SMS the relay will not post, as far as Postgres says. */
export interface BannedSenders {
  /** undefined as long as the list could not be read once. */
  has(sender: string): boolean | undefined;
  /** Reads the list, and again every few seconds. Resolves after the first time; never rejects. */
  start(): Promise<void>;
  stop(): void;
}

const READ_EVERY_MS = 3_000;

export function createBannedSenders(options: {
  /** All that are banned now, in whatever spelling. */
  readonly load: () => Promise<readonly string[]>;
  readonly normaliseSender: SenderNormaliser;
  readonly onChange: () => void;
  readonly logger: Logger;
}): BannedSenders {
  const { load, logger, normaliseSender, onChange } = options;
  let listed: string | undefined;
  let banned: ReadonlySet<string> | undefined;
  let isFailing = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function read(): Promise<void> {
    try {
      const senders = await load();
      isFailing = false;
      const list = JSON.stringify(senders);
      if (list === listed) return;
      listed = list;
      banned = new Set(senders.map(normaliseSender).filter((sender) => sender !== ''));
      onChange();
    } catch (error) {
      // What was known goes on to count.
      if (!isFailing) logger.warn({ error: String(error) }, 'the list of bans could not be read');
      isFailing = true;
    }
  }

  async function start(): Promise<void> {
    await read();
    if (!isStopped) timer = setTimeout(() => void start(), READ_EVERY_MS).unref();
  }

  return {
    has: (sender) => banned?.has(normaliseSender(sender)),
    start,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
