import type { FaultState } from './fault-schema.ts';
import type { CallbackDelivery, ChatMessage, RecordedRequest } from './types.ts';

/** What the chat page and waiting tests are told. A request is told twice: as it comes and as it ends. */
type SimulatorEvent =
  | { readonly type: 'message'; readonly message: ChatMessage }
  | { readonly type: 'request'; readonly request: RecordedRequest }
  | { readonly type: 'callback'; readonly callback: CallbackDelivery }
  | { readonly type: 'faults'; readonly faults: readonly FaultState[] }
  | { readonly type: 'reset' };

export interface Events {
  emit(event: SimulatorEvent): void;
  /** Returns what takes the listener off again. */
  listen(listener: (event: SimulatorEvent) => void): () => void;
}

export function createEvents(): Events {
  const listeners = new Set<(event: SimulatorEvent) => void>();
  return {
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
