import { sleep } from '@wbor/async';
import { textsOf } from '../own-post.ts';
import { createProducer } from '../producer.ts';
import { toMessage } from '../read-options.ts';
import type { Producer, ProducerOptions, ProducerStatus, SendResult } from '../types.ts';
import { type Command, EXIT, type SendCommand } from './command.ts';

type Runnable = Exclude<Command, { action: 'help' }>;

/**
 * Runs a command and writes what came of it. Ends within the command's time-out, whatever hangs.
 *
 * @returns the exit code.
 * @throws ProducerError
 */
export async function runCommand(
  command: Runnable & { readonly text?: string | undefined },
  options: ProducerOptions,
  write: (text: string) => void,
): Promise<number> {
  if (command.action === 'send' && command.dryRun) return dryRun(command, options, write);
  const producer = createProducer(options);
  const end = sleep(command.timeoutMs).then(() => undefined);
  const tell = (facts: object, words: string) =>
    write(command.json ? `${JSON.stringify(facts)}\n` : `${words}\n`);
  // A call that is under way when time is up stands in the spool.
  const workMs = Math.max(500, command.timeoutMs - 1_000);
  if (command.action === 'send') {
    const sent = await Promise.race([send(producer, command, workMs), end]);
    const result = sent ?? outOfTime(await statusWithin(producer));
    if (sent !== undefined) await Promise.race([producer.close(), end]);
    tell(result, describe(result));
    return exitCodeOf(result);
  }
  const work = command.action === 'drain' ? producer.drain({ timeoutMs: workMs }) : producer.status();
  const status = (await Promise.race([work, end])) ?? (await statusWithin(producer));
  tell(status, describeStatus(status));
  await Promise.race([producer.close(), end]);
  if (status.spoolFault !== undefined) return EXIT.failed;
  return status.messages + status.logs > 0 ? EXIT.waiting : EXIT.ok;
}

function outOfTime({ messages, spoolFault }: ProducerStatus): Outcome {
  if (spoolFault === undefined && messages > 0) {
    return { deliveredBy: 'spool', state: 'waiting', reason: 'time is up', spooled: true };
  }
  const kept = spoolFault === undefined ? 'nothing waits in the spool' : `nothing is kept: ${spoolFault}`;
  return { deliveredBy: 'spool', state: 'failed', reason: `time is up, and ${kept}`, spooled: false };
}

type Outcome = Omit<SendResult, 'wborMessageId'> & { readonly wborMessageId?: string };

async function send(producer: Producer, command: SendCommand, timeoutMs: number): Promise<SendResult> {
  const { images, text = '', urgent, waitMs } = command;
  return producer.send({ body: text, images, urgent, waitMs, timeoutMs });
}

const statusWithin = async (producer: Producer): Promise<ProducerStatus> =>
  (await Promise.race([producer.status(), sleep(500).then(() => undefined)])) ?? {
    messages: 0,
    oldestAt: undefined,
    logs: 0,
    inDoubt: 0,
    spoolFault: 'the spool does not answer',
  };

function dryRun(
  command: SendCommand & { readonly json: boolean },
  options: ProducerOptions,
  write: (text: string) => void,
): number {
  createProducer(options);
  const message = toMessage(options.source, { body: command.text ?? '', images: command.images });
  const parts = textsOf({ message });
  const by = options.gatewayUrl === undefined ? 'the broker' : 'the gateway';
  const facts = { source: options.source, by, fallback: options.fallback !== undefined, parts };
  if (command.json) write(`${JSON.stringify(facts)}\n`);
  else {
    const otherwise = facts.fallback ? 'by itself' : 'from the spool, later';
    write(`as ${options.source}, by ${by}, else ${otherwise}:\n\n${parts.join('\n\n')}\n`);
  }
  return EXIT.ok;
}

function exitCodeOf({ deliveredBy, state }: Outcome): number {
  if (state === 'failed') return EXIT.failed;
  if (deliveredBy === 'spool') return EXIT.waiting;
  return state === 'in-doubt' ? EXIT.inDoubt : EXIT.ok;
}

const WHO = { relay: 'by the relay', fallback: 'by wbor-send itself', spool: 'in the spool' } as const;

function describe({ deliveredBy, reason, state, wborMessageId }: Outcome): string {
  const id = wborMessageId === undefined ? '' : `${wborMessageId} `;
  const who = state === 'failed' && deliveredBy === 'spool' ? '' : ` ${WHO[deliveredBy]}`;
  return `${id}${state}${who}${reason === undefined ? '' : ` (${reason})`}`;
}

function describeStatus({ inDoubt, logs, messages, oldestAt, spoolFault }: ProducerStatus): string {
  if (spoolFault !== undefined) return `the spool cannot be used: ${spoolFault}`;
  const since = oldestAt === undefined ? '' : `, the oldest since ${new Date(oldestAt).toISOString()}`;
  return `${messages} messages wait${since}; ${logs} logs for the audit; ${inDoubt} posts in doubt`;
}
