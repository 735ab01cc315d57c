export const IMAGE_ERROR_CODES = [
  'BAD_URL',
  'ADDRESS_REFUSED',
  'HTTP_STATUS',
  'TOO_LARGE',
  'TOO_MANY',
  'TIMEOUT',
  'UNREACHABLE',
  'UNSUPPORTED_TYPE',
  'BROKEN',
  'TOO_MANY_REDIRECTS',
] as const;
export type ImageErrorCode = (typeof IMAGE_ERROR_CODES)[number];

/** Says why an image is not in the chat. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly code: ImageErrorCode;
  /**
   * Completes `A media item …` without a full stop. It is true, and free of addresses and host names: a producer
   * must not be able to ask the chat what the relay's network looks like.
   */
  readonly forChat: string;
  /** The HTTP status, for `HTTP_STATUS`. */
  readonly status: number | undefined;

  constructor(
    code: ImageErrorCode,
    forChat: string,
    details: { message?: string; status?: number; cause?: unknown } = {},
  ) {
    super(details.message ?? forChat, { cause: details.cause });
    this.code = code;
    this.forChat = forChat;
    this.status = details.status;
  }
}

/** An unusable entry of the list of hosts that are exempt from the guard. */
export class AllowHostsError extends Error {
  override readonly name = 'AllowHostsError';
  readonly code = 'ALLOW_HOSTS_INVALID';
}

export function unsupportedType(message: string, cause?: unknown): ImageError {
  return new ImageError('UNSUPPORTED_TYPE', 'was sent with an unsupported format', { message, cause });
}

export function tooLarge(maxBytes: number): ImageError {
  const size =
    maxBytes < 1024 * 1024
      ? `${Math.floor(maxBytes / 1024)} KiB`
      : `${Math.floor(maxBytes / 1024 / 1024)} MiB`;
  return new ImageError('TOO_LARGE', `is larger than ${size}`);
}

/** There was no memory in time for what was to be done next. */
export function tooManyAtOnce(next: 'fetched' | 'converted'): ImageError {
  return new ImageError('TOO_MANY', `could not be ${next} (too many pictures at once)`);
}

export function tooManyPixels(message: string): ImageError {
  return new ImageError('TOO_LARGE', 'has too many pixels', { message });
}

/** Of a message whose images have had their time. */
export function tookTooLong(): ImageError {
  return new ImageError('TIMEOUT', 'took too long');
}

export function tookTooLongToConvert(cause?: unknown): ImageError {
  return new ImageError('TIMEOUT', 'took too long to convert', { cause });
}
