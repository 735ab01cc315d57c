import type { CommandEvent } from '@wbor/contracts';
import type { Database } from '@wbor/database';
import type { SenderNormaliser } from '@wbor/phone';
import type { StationClock } from '@wbor/station-clock';
import type { Kysely } from 'kysely';
import type { CommandCall } from '../intake/read-command.ts';
import type { Outgoing } from '../replies/outgoing.ts';

export interface CommandContext {
  /** The transaction in which the command runs: all of it counts, or nothing. */
  readonly db: Kysely<Database>;
  readonly call: CommandCall;
  readonly now: Date;
  readonly clock: StationClock;
  readonly normaliseSender: SenderNormaliser;
  /** Says which relays do not enforce the bans, in words for the chat; undefined while none is known. */
  readonly describeRelays: () => string | undefined;
  /** Where the console is, without a slash at its end; undefined: there is none. */
  readonly consoleUrl?: string | undefined;
}

export interface CommandResult {
  readonly result: CommandEvent['result'];
  /** Plain text for the chat. Numbers are masked in it. */
  readonly reply: string;
  /** Whether the chat is told once it is known what became of `outgoing`; `reply` is for the audit then. */
  readonly answeredLater?: boolean;
  /** The page of the console that tells more, as a path; the reply ends with a link to it. */
  readonly page?: string;
  /** Messages that are published with the reply. */
  readonly outgoing?: readonly Outgoing[];
}

export interface Command {
  readonly name: string;
  /** Whether the list of moderators counts, when there is one. */
  readonly restricted: boolean;
  /** Its lines of `!help`; see `help.ts`. */
  readonly help: {
    /** The line of the program before this one, to the letter. */
    readonly original?: string;
    /** What has been added since. */
    readonly added?: string;
  };
  readonly run: (context: CommandContext) => Promise<CommandResult>;
}

export function done(reply: string, outgoing: readonly Outgoing[] = []): CommandResult {
  return { result: 'done', reply, outgoing };
}

export function invalid(reply: string): CommandResult {
  return { result: 'invalid', reply };
}
