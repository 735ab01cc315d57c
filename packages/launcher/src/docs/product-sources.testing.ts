import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { parseAst } from 'vitest/node';

/** A text of the sources. What is put into it at run time stands as `…`. */
interface SourceText {
  /** `path:line`. */
  readonly at: string;
  readonly text: string;
}

interface LogLine extends SourceText {
  /** Undefined when the level is chosen at run time. */
  readonly level: Level | undefined;
}

export interface ProductSources {
  readonly logLines: readonly LogLine[];
  /** Log calls whose message was not found. */
  readonly unreadable: readonly string[];
  /** Every text: messages, reasons, names of metrics and queues, SQL. */
  readonly texts: readonly SourceText[];
  /** Every identifier and key: settings, columns, variables. */
  readonly names: ReadonlySet<string>;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type Level = (typeof LEVELS)[number];

/** Texts by the name of what they belong to. */
type Texts = ReadonlyMap<string, string[]>;

/** Packages that are not deployed. */
const TOOLS =
  /^packages\/(?:testkit|start-system|system-tests|benchmarks|launcher|parked-cli|build-app|groupme-simulator|source-fixtures)\//;

/** A node of ESTree, as far as it is looked into. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly name?: unknown;
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly cooked: string } }[];
  readonly key?: Node;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly computed?: boolean;
  readonly id?: Node;
  readonly argument?: Node;
  readonly arguments?: readonly Node[];
  readonly consequent?: Node;
  readonly alternate?: Node;
}

/** Reads what is deployed: the sources of apps and packages, without their tests. Comments do not count. */
export async function readProductSources(): Promise<ProductSources> {
  const calls: { at: string; level: Level | undefined; message: Node | undefined; functions: Texts }[] = [];
  const texts: SourceText[] = [];
  const names = new Set<string>();
  const byKey = new Map<string, string[]>();
  for (const path of await productFiles()) {
    const source = await readFile(join(repoRoot, path), 'utf8');
    const functions = new Map<string, string[]>();
    walk(parseAst(source, { lang: 'ts' }, path), (node) => {
      const at = `${path}:${source.slice(0, node.start).split('\n').length}`;
      if (typeof node.name === 'string') names.add(node.name);
      for (const text of textsOf(node)) texts.push({ at, text });
      if (node.type === 'Property' && typeof node.key?.name === 'string' && isNode(node.value)) {
        byKey.set(node.key.name, [...(byKey.get(node.key.name) ?? []), ...textsOf(node.value)]);
      }
      const call = logCallOf(node);
      if (call) calls.push({ at, ...call, functions });
      if (node.type === 'FunctionDeclaration') functions.set(String(node.id?.name), returnedTexts(node));
    });
  }
  const read = calls.map((call) => ({ ...call, messages: messagesOf(call.message, byKey, call.functions) }));
  return {
    logLines: read.flatMap(({ at, level, messages }) => messages.map((text) => ({ at, level, text }))),
    unreadable: read.filter(({ messages }) => messages.length === 0).map(({ at }) => at),
    texts,
    names,
  };
}

async function productFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob('{apps,packages}/*/src/**/*.ts', { cwd: repoRoot })) files.push(file);
  return files.filter((file) => !TOOLS.test(file) && !/\.(?:test|testing)\.ts$/.test(file)).sort();
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit);
  else if (isNode(value)) {
    visit(value);
    for (const child of Object.values(value)) walk(child, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** `logger.warn(…)`, `options.logger[level](…)`, `request.log.info(…)`: its level and its message, the last argument. */
function logCallOf(node: Node): { level: Level | undefined; message: Node | undefined } | undefined {
  const { object, property, computed } = node.callee ?? {};
  const holder = object?.type === 'MemberExpression' ? object.property : object;
  if (node.type !== 'CallExpression' || !property || !/^(?:logger|log)$/.test(String(holder?.name)))
    return undefined;
  const level = computed ? undefined : LEVELS.find((name) => name === property.name);
  return computed || level ? { level, message: node.arguments?.at(-1) } : undefined;
}

/**
 * A message that is handed in as an option is one of those that are given under its name anywhere; one that a function of
 * the same file chooses is one of those that it returns.
 */
function messagesOf(message: Node | undefined, byKey: Texts, functions: Texts): string[] {
  if (!message) return [];
  if (message.type === 'CallExpression') return functions.get(String(message.callee?.name)) ?? [];
  const handedIn = message.type === 'MemberExpression' ? message.property?.name : message.name;
  return typeof handedIn === 'string' ? (byKey.get(handedIn) ?? []) : textsOf(message);
}

function returnedTexts(declaration: Node): string[] {
  const texts: string[] = [];
  walk(declaration, ({ type, argument }) => {
    if (type === 'ReturnStatement' && argument) texts.push(...textsOf(argument));
  });
  return texts;
}

/** The texts that an expression may be, as far as they stand in it. */
function textsOf(node: Node): string[] {
  if (node.type === 'Literal') return typeof node.value === 'string' ? [node.value] : [];
  if (node.type === 'TemplateLiteral')
    return [(node.quasis ?? []).map(({ value }) => value.cooked).join('…')];
  if (node.type !== 'ConditionalExpression') return [];
  return [node.consequent, node.alternate].flatMap((branch) => (branch ? textsOf(branch) : []));
}
