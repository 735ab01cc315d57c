const PREFIX = 'amq.rabbitmq.reply-to';

const PID_EXT = Buffer.from([131, 88]);
/** Erlang's tags of an atom, and how many bytes its length has. */
const ATOM_LENGTH_BYTES: Readonly<Record<number, number>> = { 100: 2, 118: 2, 119: 1 };
/** Process, serial and creation, 32 bits each. */
const PID_NUMBERS_BYTES = 12;

/** Whether a name is meant for RabbitMQ's direct reply-to, well-formed or not. */
export function isDirectReply(replyTo: string): boolean {
  return replyTo.startsWith(PREFIX);
}

/**
 * Reads the address that RabbitMQ (3.10 and 4.0 were tried) makes for a client which consumes from
 * `amq.rabbitmq.reply-to`: an Erlang process at a node that is named by a number, and a key.
 *
 * A client may put anything in its place, and the broker closes the connection of whoever publishes to an address that
 * it cannot decode.
 *
 * @returns the node; undefined when no broker has made this.
 */
export function directReplyNode(replyTo: string): string | undefined {
  const match = /^amq\.rabbitmq\.reply-to\.([A-Za-z0-9+/]+={0,2})\.[A-Za-z0-9+/]{16,32}={0,2}$/.exec(replyTo);
  if (match?.[1] === undefined) return undefined;
  const pid = Buffer.from(match[1], 'base64');
  const lengthBytes = ATOM_LENGTH_BYTES[pid[2] ?? 0];
  if (lengthBytes === undefined || !pid.subarray(0, 2).equals(PID_EXT)) return undefined;
  const start = 3 + lengthBytes;
  if (pid.length < start) return undefined;
  const length = pid.readUIntBE(3, lengthBytes);
  const node = pid.toString('latin1', start, start + length);
  return pid.length === start + length + PID_NUMBERS_BYTES && /^reply@\d{1,10}$/.test(node)
    ? node
    : undefined;
}
