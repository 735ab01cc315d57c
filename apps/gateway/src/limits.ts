/** The largest body of /send and callbacks. The text limit is 16 000 characters; the rest is room for addresses of images. */
export const MAX_BODY_BYTES = 256 * 1024;

/**
 * Namespaces of the AMQP message ids that are made from a caller's id or content (UUID version 5), so that each copy
 * of a message carries the same one. Changing them makes copies look new.
 */
export const SEND_NAMESPACE = '5b1f0f3e-6d0c-4c43-9a55-6f0a4b9c7a10';
export const TWILIO_NAMESPACE = '2f6f3f0a-9d57-4d0c-8f55-0b7c1f6f5e0d';
export const IDEMPOTENCY_NAMESPACE = '8e1c5a3e-7b0f-4c57-9a86-4d6b1c2f9e31';
export const CALLBACK_NAMESPACE = 'c1a7e6de-2a44-4a6f-8f0b-0d7b8a3e5c21';

/** Callbacks that are remembered, so that a repeat is not published again. */
export const REMEMBERED_CALLBACKS = 10_000;
export const CALLBACK_MEMORY_MS = 24 * 60 * 60 * 1000;

/** How long a request waits for the broker's confirm. */
export const PUBLISH_TIMEOUT_MS = 5_000;
/** The same where the spool takes what is not confirmed: AzuraCast hangs up after two seconds, and repeats nothing. */
export const SPOOL_AFTER_MS = 800;
