import { DEFAULT_EXCHANGE_NAME } from '@wbor/contracts';
import { ProducerError } from './errors.ts';
import { checkOptions, toMessage } from './read-options.ts';
import { createRounds } from './rounds.ts';
import { createAmqpRoute } from './routes/amqp.ts';
import { createHttpRoute } from './routes/http.ts';
import type { Route } from './routes/route.ts';
import type { Producer, ProducerOptions } from './types.ts';

const DEFAULT_CONNECT_TIMEOUT_MS = 3_000;
const DEFAULT_CLOCK_MARGIN_MS = 2_000;
const DEFAULT_WAIT_MS = 8_000;
const DEFAULT_TIMEOUT_MS = 45_000;
/** How often what waits in the spool is tried again by itself. */
const DEFAULT_RETRY_MS = 15_000;

/** @throws ProducerError with code INVALID_OPTIONS. */
export function createProducer(options: ProducerOptions): Producer {
  checkOptions(options);
  const {
    clockMarginMs = DEFAULT_CLOCK_MARGIN_MS,
    connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS,
    retryMs = DEFAULT_RETRY_MS,
  } = options;
  const times = { clockMarginMs, connectTimeoutMs };
  const rounds = createRounds(options, { ...times, route: createRoute(options, times) });
  let last: Promise<unknown> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  /** One after another, so that messages keep their order. */
  function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = last.then(work).finally(retryLater);
    last = mine.catch(() => {});
    return mine;
  }

  async function retryLater(): Promise<void> {
    const spool = await rounds.spool();
    if (spool.entries().length > 0 || spool.hasOthers()) arm();
  }

  function arm(): void {
    if (closed || retry !== undefined) return;
    retry = setTimeout(() => {
      retry = undefined;
      void inTurn(() => rounds.catchUp(Date.now() + DEFAULT_TIMEOUT_MS)).catch(() => {});
    }, retryMs);
    // A program that has nothing else to do may end: the spool is on disk.
    retry.unref();
  }

  // A process that is gone may have left something there.
  if (options.spoolFile !== undefined) arm();

  return {
    async send(message) {
      if (closed) throw new ProducerError('CLOSED', 'the producer is closed');
      // It is on disk at once, and has its turn from now on, for which `close` waits.
      const accepting = rounds.accept(toMessage(options.source, message));
      accepting.catch(() => {});
      return inTurn(async () => {
        const accepted = await accepting;
        if ('result' in accepted) return accepted.result;
        const waitMs = Math.max(0, message.waitMs ?? DEFAULT_WAIT_MS);
        const until = Date.now() + (message.timeoutMs ?? DEFAULT_TIMEOUT_MS);
        const result = await rounds.bring(accepted.entry, { waitMs, until });
        if (result.deliveredBy === 'spool' && !result.spooled && options.spoolFile !== undefined) {
          const { fault } = await rounds.spool();
          throw new ProducerError(
            'NOT_ACCEPTED',
            `neither delivered (${result.reason ?? ''}) nor kept (${fault ?? ''})`,
          );
        }
        return result;
      });
    },
    async drain({ timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
      if (closed) throw new ProducerError('CLOSED', 'the producer is closed');
      await inTurn(() => rounds.catchUp(Date.now() + timeoutMs));
      return rounds.status();
    },
    status: () => rounds.status(),
    async close() {
      closed = true;
      await last;
      clearTimeout(retry);
      await rounds.close();
    },
  };
}

function createRoute(
  options: ProducerOptions,
  times: { readonly clockMarginMs: number; readonly connectTimeoutMs: number },
): Route {
  const { gatewayUrl, rabbitmqUrl } = options;
  if (gatewayUrl !== undefined) {
    return createHttpRoute({ url: gatewayUrl, token: options.token, ...times });
  }
  return createAmqpRoute({
    url: rabbitmqUrl ?? '',
    exchange: options.exchange ?? DEFAULT_EXCHANGE_NAME,
    botId: options.fallback?.botId,
    ...times,
  });
}
