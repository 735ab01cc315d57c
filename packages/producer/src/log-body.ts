import type { AcceptedMessage, CallResult, OwnCall } from './spool/records.ts';

/** A call whose end nobody has seen. */
export const UNSEEN: CallResult = {
  code: 0,
  outcome: 'unknown',
  durationMs: 0,
  error: 'in doubt: the producer stopped before it saw the answer',
};

/** The log of one call of GroupMe, for the audit: the body of a message with the header `alreadysent`. */
export function toLogBody(
  message: AcceptedMessage,
  call: OwnCall,
  result: CallResult = UNSEEN,
  botId: string | undefined,
) {
  return {
    wbor_message_id: message.id,
    source: message.source,
    text: call.text,
    statuscode: result.code,
    ...(botId === undefined ? {} : { bot_id: botId }),
    part: call.part,
    parts: call.parts,
    attempt: call.attempt,
    sent_at: new Date(call.at).toISOString(),
    duration_ms: Math.round(result.durationMs),
    ...(result.error === undefined ? {} : { error: result.error }),
  };
}
