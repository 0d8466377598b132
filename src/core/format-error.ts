import { relative } from 'node:path';
import { type Place, type UserError, UserErrors } from './errors.js';
import { shownName } from './shown-name.js';

export interface FormatOptions {
  /** Files inside this folder are shown relative to it. */
  readonly folder?: string;
}

/** Longest part of a source line that is shown; a longer line is cut to a window around the mistake. */
const SOURCE_WIDTH = 110;

/**
 * A mistake as a person reads it: place and problem, the source line with a squiggle, what to do, the code.
 * No trailing newline. Several errors are separated by an empty line.
 */
export function formatUserError(error: UserError | UserErrors, options: FormatOptions = {}): string {
  if (error instanceof UserErrors) {
    const texts = error.errors.slice(0, MOST_SHOWN).map((each) => formatUserError(each, options));
    const more = error.errors.length - texts.length;
    return [...texts, ...(more > 0 ? [`… and ${more} more mistakes.`] : [])].join('\n\n');
  }
  const lines: string[] = [];
  const { place } = error;
  const problem = cut(error.problem);
  lines.push(place === undefined ? problem : `${formatPlace(place, options)} ${problem}`);
  if (place?.kind === 'text') lines.push(...excerpt(place));
  lines.push(error.fix === '' ? `[${error.code}]` : `${cut(error.fix)}  [${error.code}]`);
  return lines.join('\n');
}

/** "file:line:column", "node (Op), tensor" or the file. */
export function formatPlace(place: Place, options: FormatOptions = {}): string {
  switch (place.kind) {
    case 'text':
      return `${shownPath(place.file, options)}:${place.line}:${place.column}`;
    case 'file':
      return `${shownPath(place.file, options)}:`;
    case 'graph':
      return `${shownName(place.node)} (${shownName(place.opType)})${place.tensor === undefined ? '' : `, ${shownName(place.tensor)}`}:`;
  }
}

function cut(text: string): string {
  return text.length <= TEXT_LENGTH ? text : `${text.slice(0, TEXT_LENGTH - 1)}…`;
}

/** Mistakes of a recipe that are shown at once; most of the others have the same cause. */
const MOST_SHOWN = 100;

/** More than any sentence of ours has, but for what it quotes. */
const TEXT_LENGTH = 5000;

function shownPath(file: string, { folder }: FormatOptions): string {
  if (folder === undefined) return file;
  const path = relative(folder, file);
  return path === '' || path.startsWith('..') ? file : path;
}

function excerpt(place: Place & { kind: 'text' }): string[] {
  if (place.source === undefined) return [];
  const start = place.column - 1;
  const length = Math.max(1, Math.min(place.length ?? 1, place.source.length - start));
  let source = place.source;
  let offset = start;
  if (source.length > SOURCE_WIDTH) {
    const from = Math.max(0, Math.min(start - 20, source.length - SOURCE_WIDTH));
    const to = from + SOURCE_WIDTH;
    const head = from > 0 ? '… ' : '';
    source = `${head}${place.source.slice(from, to)}${to < place.source.length ? ' …' : ''}`;
    offset = start - from + head.length;
  }
  // A tab keeps its width in both lines if both hold it.
  const indent = [...source.slice(0, offset)].map((char) => (char === '\t' ? '\t' : ' ')).join('');
  return [source, `${indent}${'~'.repeat(Math.max(1, Math.min(length, source.length - offset)))}`];
}
