import { canonicalJson, type Json } from '../core/canonical-json.js';
import type { Path } from '../core/path.js';
import { scalar } from './lockfile-text.js';

/** What a text says, or the first line, from 1 on, that `lockfileText` does not write so. */
export type LinesRead = { readonly value: Json } | { readonly badLine: number };

/**
 * Reads a lockfile as `lockfileText` writes it, line by line: a parser for all of YAML takes far more time, and memory. Line ends may
 * be those of Windows.
 * @param partsMax the most lines, and values inside of lines: memory goes by these
 */
export function readLines(text: string, partsMax: number): LinesRead {
  const root: Mutable = {};
  const open: Mutable[] = [root];
  let parts = 0;
  let last = 0;
  for (const { line, number } of linesOf(text)) {
    const entry = entryOf(line, partsMax - parts);
    // A mapping without entries would be written as {}.
    const isNested = entry !== null && (entry.depth === open.length - 1 || isFilled(open.at(-1)!));
    const owner = isNested ? open[entry.depth] : undefined;
    if (owner === undefined || Object.hasOwn(owner, entry!.key)) return { badLine: number };
    const { depth, key, value, opens } = entry!;
    owner[key] = value;
    open.length = depth + 1;
    if (opens) open.push(value as Mutable);
    parts += entry!.parts;
    last = number;
  }
  return isFilled(open.at(-1)!) ? { value: root } : { badLine: last + 1 };
}

/** The line of the value at a path, or of its nearest ancestor. @param text one that `readLines` has read */
export function lineOf(text: string, path: Path): number {
  let depth = 0;
  let found = 1;
  for (const { line, number } of linesOf(text)) {
    const entry = entryOf(line, Number.POSITIVE_INFINITY)!;
    if (entry.depth < depth) break;
    if (entry.depth !== depth || entry.key !== path[depth]) continue;
    found = number;
    depth++;
  }
  return found;
}

type Mutable = { [key: string]: Json };

interface Entry {
  /** How many mappings it lies in. */
  readonly depth: number;
  readonly key: string;
  readonly value: Json;
  /** Whether its value is a mapping whose entries have lines of their own. */
  readonly opens: boolean;
  /** It, and the values inside of its value. */
  readonly parts: number;
}

/** Null for a line that is not written so, or has too many parts. */
function entryOf(line: string, partsMax: number): Entry | null {
  const indent = line.search(/[^ ]/);
  const end = line[indent] === '"' ? quotesEnd(line, indent) + 1 : line.indexOf(':', indent);
  if (line[end] !== ':' || indent % 2 !== 0 || indent > 2 * DEPTH_MAX) return null;
  const key = readValue(line.slice(indent, end));
  if (typeof key !== 'string' || key === '__proto__') return null;
  const opens = line.length === end + 1;
  if (!opens && line[end + 1] !== ' ') return null;
  const written = line.slice(end + 2);
  const parts = 1 + partsOf(written);
  const value = opens ? {} : parts > partsMax ? undefined : readValue(written);
  return value === undefined ? null : { depth: indent / 2, key, value, opens, parts };
}

/** cells → cell → outputs → slot → digest. */
const DEPTH_MAX = 4;

/** Undefined for what would be written otherwise. */
function readValue(written: string): Json | undefined {
  if (scalar(written) === written) return written;
  try {
    const value = JSON.parse(written) as Json;
    const isSame = (typeof value === 'string' ? scalar(value) : canonicalJson(value)) === written;
    return isSame && !written.includes('"__proto__":') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** How many values are inside of a list or mapping in brackets; infinitely many for one of more levels than a recipe has. */
function partsOf(written: string): number {
  if (!/^[[{]/.test(written)) return 0;
  let parts = 0;
  let depth = 0;
  for (let at = 0; at >= 0 && at < written.length; at++) {
    const sign = written[at]!;
    if (sign === '"') at = quotesEnd(written, at);
    else if (sign === ',') parts++;
    else if ('[{'.includes(sign)) {
      parts++;
      if (++depth > LEVELS_MAX) return Number.POSITIVE_INFINITY;
    } else if (']}'.includes(sign)) depth--;
    if (at < 0) return Number.POSITIVE_INFINITY;
  }
  return parts;
}

const LEVELS_MAX = 100;

/** Where the quotes end that begin at a position; negative if they do not. */
function quotesEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return -2;
}

function isFilled(mapping: Mutable): boolean {
  for (const _ in mapping) return true;
  return false;
}

/** The lines that are no comments, one at a time: the text may have as many as characters. */
function* linesOf(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const line = text.slice(start, text[end - 1] === '\r' ? end - 1 : end);
    number++;
    if (!line.startsWith('#')) yield { line, number };
    start = end + 1;
  }
}
