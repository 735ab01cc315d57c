/** What whoever asked for a page is told instead of it. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  readonly statusCode: number;
  /** What to do about it. */
  readonly advice: string;

  constructor(statusCode: number, message: string, advice = '', options?: ErrorOptions) {
    super(message, options);
    this.statusCode = statusCode;
    this.advice = advice;
  }
}

export function notFound(what = 'There is no such page'): ConsoleError {
  return new ConsoleError(404, what, 'Perhaps the address was cut. The pages are named above.');
}
