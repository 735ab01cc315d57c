import { readFileSync } from 'node:fs';
import { MAX_BODY_LENGTH } from '@wbor/contracts';
import { Liquid, type Template } from 'liquidjs';
import { z } from 'zod';

/** What the words of a message are made of. */
interface HookCall {
  /** JSON, the fields of a form, or a text. */
  readonly body: unknown;
  /** By their names in lower case. Those that hold secrets are not among them. */
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface HookTemplate {
  /**
   * The text for the chat; empty when there is nothing to say.
   * @throws when the template fails on this call, or takes too long.
   */
  render(call: HookCall): { text: string; id: string | undefined };
}

export type HookTemplates = ReadonlyMap<string, HookTemplate>;

/** Says what is wrong with HOOKS_FILE. */
export class HooksFileError extends Error {
  override readonly name = 'HooksFileError';
}

/** These have routes of their own. */
const TAKEN = ['azuracast', 'endec', 'twilio'];

const template = z
  .union([z.string(), z.array(z.string())])
  .transform((lines) => (typeof lines === 'string' ? lines : lines.join('\n')));

const fileSchema = z.strictObject({
  version: z.literal(1),
  hooks: z
    .record(
      z.string(),
      z.strictObject({
        /** A list is joined by line breaks. */
        text: template,
        /** What makes two calls the same message, for programs that repeat theirs. */
        id: template.optional(),
      }),
    )
    .superRefine((hooks, context) => {
      for (const name of Object.keys(hooks)) {
        const fault = faultOfName(name);
        if (fault !== undefined) context.addIssue({ code: 'custom', path: [name], message: fault });
      }
    }),
});

function faultOfName(name: string): string | undefined {
  if (TAKEN.includes(name)) return 'has a route of its own';
  return /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/.test(name) ? undefined : 'must be a slug';
}

/**
 * Renders templates of Liquid. They see a call's own fields and nothing else: no file, no prototype. A render may take a
 * second and a few megabytes, since what a stranger sends decides how much there is to do.
 */
function createEngine(): Liquid {
  return new Liquid({
    ownPropertyOnly: true,
    renderLimit: 1_000,
    memoryLimit: 4_000_000,
    parseLimit: 100_000,
    // Nothing is included from anywhere.
    templates: {},
    dynamicPartials: false,
    relativeReference: false,
  });
}

/** @throws HooksFileError naming the file's fault. */
export function readHooksFile(path: string): HookTemplates {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new HooksFileError(`HOOKS_FILE ${code ? `cannot be read (${code})` : 'is not JSON'}`);
  }
  const file = fileSchema.safeParse(value);
  if (!file.success) {
    const faults = file.error.issues.map(({ message, path: at }) => `${at.join('.')}: ${message}`);
    throw new HooksFileError(`HOOKS_FILE: ${faults.join('; ')}`);
  }
  const engine = createEngine();
  return new Map(
    Object.entries(file.data.hooks).map(([name, { id, text }]) => [
      name,
      createTemplate(
        engine,
        parse(engine, name, text),
        id === undefined ? undefined : parse(engine, name, id),
      ),
    ]),
  );
}

function parse(engine: Liquid, name: string, source: string): Template[] {
  try {
    return engine.parse(source);
  } catch (error) {
    throw new HooksFileError(
      `HOOKS_FILE: ${name}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function createTemplate(engine: Liquid, text: Template[], id: Template[] | undefined): HookTemplate {
  return {
    render(call) {
      const scope = { body: call.body, headers: call.headers };
      const said = String(engine.renderSync(text, scope)).trim();
      const named = id === undefined ? '' : String(engine.renderSync(id, scope)).trim();
      return { text: shortened(said), id: named === '' ? undefined : named };
    },
  };
}

/** A longer text would be parked. */
function shortened(text: string): string {
  return text.length <= MAX_BODY_LENGTH ? text : `${text.slice(0, MAX_BODY_LENGTH - 1).toWellFormed()}…`;
}
