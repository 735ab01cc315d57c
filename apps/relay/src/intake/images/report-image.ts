import type { ImageEvent } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import type { RelayMetrics } from '../../metrics.ts';
import type { AuditEvents } from '../../notify/audit-events.ts';
import type { IncomingMessage } from '../parse-incoming.ts';

/** What became of one image, or of one try to upload it. */
type ImageFacts = Omit<Partial<ImageEvent>, 'code' | 'outcome'> & {
  /** The HTTP status of GroupMe's answer; 0 without one. */
  readonly code: number;
  readonly outcome: NonNullable<ImageEvent['outcome']>;
};

/** Counts, logs and publishes what became of an image. Never rejects. */
export type ReportImage = (message: IncomingMessage, url: string, facts: ImageFacts) => Promise<void>;

export function createImageReport(options: {
  botId: string;
  audit: Pick<AuditEvents, 'image'>;
  metrics: RelayMetrics;
  logger: Logger;
}): ReportImage {
  return async (message, url, facts) => {
    const { code, duration_ms, error, outcome } = facts;
    options.metrics.images.inc({ outcome });
    options.logger[outcome === 'delivered' ? 'info' : 'warn'](
      {
        wbor_message_id: message.wborMessageId,
        source: message.source,
        outcome,
        code,
        ...(error === undefined ? {} : { error }),
        ...(duration_ms === undefined ? {} : { duration_ms }),
      },
      logLineOf(outcome),
    );
    await options.audit.image({
      bot_id: options.botId,
      source: message.source,
      type: 'img',
      text: '',
      wbor_message_id: message.wborMessageId,
      image_url: url,
      ...(message.sender === undefined ? {} : { sender: message.sender }),
      ...facts,
    });
  };
}

function logLineOf(outcome: ImageFacts['outcome']): string {
  if (outcome === 'delivered') return 'uploaded an image';
  // Every other outcome is that of a call, which may be made again.
  return outcome === 'not-attached' ? 'an image was not attached' : 'uploading an image failed';
}
