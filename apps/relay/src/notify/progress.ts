import type { Broker, Delivery } from '@wbor/amqp';
import { type PlannedMessage, type Progress, progressEvent } from '@wbor/contracts';

/** Tells people who watch how far messages are. Nothing waits for it, and nothing is repeated. */
export interface ProgressTeller {
  planned(planned: PlannedMessage, origin: Pick<Delivery, 'messageId'>): void;
  posting(planned: PlannedMessage, part: number): void;
  inDoubt(planned: PlannedMessage, part: number): void;
  parked(message: { readonly wborMessageId: string; readonly source: string; readonly reason: string }): void;
}

const MAX_TEXT_LENGTH = 300;

const nobodyIsTold: ProgressTeller = {
  planned: () => undefined,
  posting: () => undefined,
  inDoubt: () => undefined,
  parked: () => undefined,
};

/** @param isEnabled false: nobody is told, at no cost. */
export function createProgressTeller(broker: Pick<Broker, 'publish'>, isEnabled: boolean): ProgressTeller {
  if (!isEnabled) return nobodyIsTold;

  function tell(progress: Omit<Progress, 'at'>): void {
    const body = { ...progress, at: new Date().toISOString() } as Progress;
    // As a rule nobody listens. What is not told is not missed: the audit has the whole story.
    void broker.publish(progressEvent, body, { mandatory: false }).catch(() => undefined);
  }
  const call = (state: 'posting' | 'in-doubt', planned: PlannedMessage, part: number) => ({
    wbor_message_id: planned.wbor_message_id,
    source: planned.source,
    state,
    part,
    parts: planned.parts.length,
  });

  return {
    planned(planned, { messageId }) {
      const { parts, sender, sender_name, source, wbor_message_id } = planned;
      tell({
        wbor_message_id,
        source,
        state: 'planned',
        parts: parts.length,
        text: Array.from(parts[0]?.text ?? '')
          .slice(0, MAX_TEXT_LENGTH)
          .join('')
          .slice(0, MAX_TEXT_LENGTH)
          .toWellFormed(),
        ...(sender === undefined ? {} : { sender }),
        ...(sender_name === undefined ? {} : { sender_name }),
        ...(messageId === undefined ? {} : { amqp_message_id: messageId }),
      });
    },
    posting: (planned, part) => tell(call('posting', planned, part)),
    inDoubt: (planned, part) => tell(call('in-doubt', planned, part)),
    parked: ({ reason, source, wborMessageId }) =>
      tell({ wbor_message_id: wborMessageId, source, state: 'parked', reason }),
  };
}
