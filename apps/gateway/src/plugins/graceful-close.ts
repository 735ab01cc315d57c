import type { FastifyInstance } from 'fastify';

const IDLE_CHECK_MS = 200;

/** Longer than a request waits for the broker, shorter than the process's own deadline. */
const FORCE_AFTER_MS = 5_500;

/**
 * Makes `close()` answer what is in flight and end soon after.
 *
 * Fastify closes idle connections once, when closing begins. One that becomes idle later would hold the
 * close for the whole keep-alive time, so they are looked for again and again. What is still open in the
 * end (somebody who uploads a byte a second) is cut.
 */
export function addGracefulClose(app: FastifyInstance): void {
  let idleTimer: NodeJS.Timeout | undefined;
  let forceTimer: NodeJS.Timeout | undefined;
  app.addHook('preClose', async () => {
    idleTimer = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
    forceTimer = setTimeout(() => app.server.closeAllConnections(), FORCE_AFTER_MS);
    app.server.once('close', stopTimers);
  });
  // Also without a listening server, which then never emits 'close'.
  app.addHook('onClose', async () => stopTimers());

  function stopTimers(): void {
    clearInterval(idleTimer);
    clearTimeout(forceTimer);
  }
}
