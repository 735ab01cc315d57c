import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { expect, it } from 'vitest';
import { readProductSources } from './product-sources.testing.ts';

/** Log lines whose level is chosen at run time and is info for these. */
const GOOD_NEWS = ['posted', 'uploaded an image'];

/** Words of RabbitMQ's, which our sources need not know. */
const BROKER_WORDS = ['PRECONDITION_FAILED', 'ACCESS_REFUSED'];

/** `text`, or ``text with a ` in it``. */
const QUOTE = '(?:``.+?``|`[^`]+`)';

const operations = await readFile(join(repoRoot, 'docs/operations.md'), 'utf8');
/** Those that compose.yaml knows beside them. */
const composeSettings = await readFile(join(repoRoot, '.env.example'), 'utf8');
const sources = await readProductSources();
const quotedLogLines = [...quotedAfter('logs?'), ...quotedInTable('log line')];

it('finds the log lines of the sources and of the document', () => {
  expect(sources.logLines.length).toBeGreaterThan(50);
  expect(sources.unreadable).toEqual([]);
  expect(quotedLogLines.length).toBeGreaterThan(30);
});

it('quotes only log lines that a service writes', () => {
  const missing = quotedLogLines.filter((quote) => !sources.logLines.some(({ text }) => fits(quote, text)));
  expect(missing).toEqual([]);
});

it('quotes every warning and error that a service logs', () => {
  const missing = sources.logLines
    .filter(({ level }) => level !== 'trace' && level !== 'debug' && level !== 'info')
    .filter(({ text }) => !GOOD_NEWS.includes(text) && !quotedLogLines.some((quote) => fits(quote, text)));
  expect(missing.map(({ at, text }) => `${at}: ${text}`)).toEqual([]);
});

it('quotes only reasons and notices that /readyz can give', () => {
  const quotes = [...quotedAfter('not ready,'), ...quotedAfter('notice')];
  expect(quotes.length).toBeGreaterThan(4);
  expect(quotes.filter((quote) => !sources.texts.some(({ text }) => fits(quote, text)))).toEqual([]);
});

it('names only metrics, settings, tables, codes and queues that there are', () => {
  const words = quotesIn(operations)
    .map((quote) => quote.replace(/\{.*\}$/, ''))
    .filter((quote) => /^[a-z]+(?:_[a-z]+)+$|^[A-Z]+(?:_[A-Z]+)+$|^[a-z-]+(?:\.[a-z-]+)+$/.test(quote))
    .filter((word) => !/\.(?:ts|js|md|ya?ml)$/.test(word) && !BROKER_WORDS.includes(word));
  expect(words.length).toBeGreaterThan(30);
  expect([...new Set(words)].filter((word) => !isKnown(word))).toEqual([]);
});

function isKnown(word: string): boolean {
  const alone = new RegExp(`(?<![\\w.-])${word.replaceAll('.', '\\.')}(?![\\w.-])`);
  return (
    sources.names.has(word) ||
    alone.test(composeSettings) ||
    sources.texts.some(({ text }) => alone.test(text))
  );
}

/** What stands in quotes after a word, also as a list: log `a`, `b` or `c`. */
function quotedAfter(word: string): string[] {
  const list = new RegExp(`\\b${word} (${QUOTE}(?:(?:,| or|, or| and|, then) ${QUOTE})*)`, 'g');
  return [...operations.matchAll(list)].flatMap(([, quotes = '']) => quotesIn(quotes));
}

/** What stands in quotes in the first column of the tables whose head begins with this. */
function quotedInTable(head: string): string[] {
  const tables = operations.split(/\n\n+/).filter((block) => block.startsWith(`| ${head} |`));
  return tables
    .flatMap((table) => table.split('\n').slice(2))
    .flatMap((row) => quotesIn(row.split(' | ')[0] ?? ''));
}

function quotesIn(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```.*?^```/gms, '');
  return [...prose.matchAll(new RegExp(QUOTE, 'g'))].map(([quote]) => quote.replaceAll(/^`+ ?| ?`+$/g, ''));
}

/** Whether the two are one text; in each of them `…` stands for anything. */
function fits(quote: string, text: string): boolean {
  return patternOf(quote).test(text) || patternOf(text).test(quote);
}

function patternOf(text: string): RegExp {
  // What is hardly more than `…` would fit everything.
  if (text.replaceAll(/[^a-z]/gi, '').length < 4) return /^$/;
  const escaped = text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('…', '.*')}$`, 's');
}
