// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import type { Document, ErrorCode, YAMLError } from 'yaml';
import { UserError } from '../core/errors.js';
import type { SourceText } from './source-text.js';
import type { OutlineFault } from './yaml-outline.js';

/** The first mistake against YAML itself: after it, whatever else a parser finds is guesswork. */
export function syntaxError(document: Document, source: SourceText): UserError | undefined {
  const error = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0])[0];
  const details = (start: number, end: number) => ({ place: source.place(start, end), class: 'usage' as const });
  if (error !== undefined) {
    const [start, end] = whereToLook(error, source.text);
    const [problem, fix] = words(error.code, error.message, source.place(start, end).source ?? '');
    return new UserError(CODES[error.code] ?? 'RECIPE_SYNTAX', problem, fix, details(start, end));
  }
  const tag = document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED');
  if (tag !== undefined) {
    const name = source.text.slice(tag.pos[0], tag.pos[1]);
    const fix = 'Remove it: a recipe is plain YAML without tags of its own.';
    return new UserError('RECIPE_TAG', `"${name}" is no tag of YAML's core schema.`, fix, details(...range(tag.pos)));
  }
  const directive = /^%YAML\s+(\S+)/m.exec(source.text);
  if (document.directives?.yaml.explicit === true && directive !== null && directive[1] !== '1.2') {
    const text = `The recipe asks for YAML ${directive[1]}; recipes are YAML 1.2.`;
    const end = directive.index + directive[0].length;
    return new UserError('RECIPE_SYNTAX', text, 'Remove the line.', details(directive.index, end));
  }
  return undefined;
}

/** What a parser is not asked about. */
export function outlineError(source: SourceText, { kind, end }: OutlineFault): UserError {
  const details = { place: source.place(end - 1, end), class: 'usage' } as const;
  if (kind === 'nested') return new UserError('RECIPE_NESTING', ...NESTED, details);
  const fix = 'Keep data in files of their own and name them in the recipe.';
  return new UserError('RECIPE_TOO_LARGE', 'The text up to here has more words and signs than are read.', fix, details);
}

const NESTED = ['The recipe is nested too deeply.', 'Write it with fewer levels.'] as const;

const CODES: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: 'RECIPE_TAB',
  MULTIPLE_DOCS: 'RECIPE_DOCUMENTS',
  BAD_ALIAS: 'RECIPE_ALIAS',
  RESOURCE_EXHAUSTION: 'RECIPE_NESTING',
  TAG_RESOLVE_FAILED: 'RECIPE_TAG',
};

function words(code: ErrorCode, message: string, line: string): [problem: string, fix: string] {
  if (line.includes('${{') && /\{[^"']*\$\{\{/.test(line)) {
    return ['A reference inside { } or [ ] is not quoted.', 'Write it as "${{ … }}", in quotes.'];
  }
  switch (code) {
    case 'TAB_AS_INDENT':
      return ['A tab is used to indent.', 'YAML indents with spaces only.'];
    case 'MULTIPLE_DOCS':
      return ['A second document begins here.', 'A recipe is one document: remove the "---" and what follows it.'];
    case 'BAD_ALIAS':
      return [`${message}.`, 'Define it with "&name" above this line.'];
    case 'RESOURCE_EXHAUSTION':
      return [...NESTED];
    case 'BLOCK_AS_IMPLICIT_KEY':
      return [
        'A mapping begins here, in the middle of a value.',
        'Put a value that contains ": " in quotes, or the mapping on lines of its own.',
      ];
    case 'MULTILINE_IMPLICIT_KEY':
      return ['This is neither a value nor "key: value".', 'Write a colon and a space after the key.'];
    case 'BAD_INDENT':
      if (message.startsWith('Flow ')) return notClosed(message);
      return ['The indentation does not fit the lines above.', 'Begin the line in the column of its siblings.'];
    case 'BAD_SCALAR_START':
      return [`A text cannot begin with ${quotedEnd(message)} here.`, 'Put it in quotes.'];
    case 'MISSING_CHAR':
      if (message.includes('quote')) return ['This text has no closing quote.', 'Close it on the same line.'];
      if (message.includes('indicator')) {
        return [
          'The indentation does not fit the list above.',
          'Begin a new item with "- ", or indent the key like its siblings.',
        ];
      }
      return message.startsWith('Flow ') ? notClosed(message) : [`${message}.`, ''];
    default:
      return [`${message.replace(/[.:]?$/, '')}.`, ''];
  }
}

/** yaml reports what is not closed where it gives up; the place to look is where it opens. */
function whereToLook(error: YAMLError, text: string): [number, number] {
  const before = text.slice(0, error.pos[0]);
  if (error.code === 'MISSING_CHAR' && error.message.includes('quote')) {
    for (const line of [...before.matchAll(/^.*$/gm)].reverse()) {
      const open = unclosedQuote(line[0]);
      if (open !== undefined) return [line.index + open, line.index + line[0].length];
    }
  }
  if (error.message.startsWith('Flow ')) {
    const open = unclosedBracket(before);
    if (open !== undefined) return [open, open + 1];
  }
  return range(error.pos);
}

/** The offset of the innermost bracket that is not closed in a text. */
function unclosedBracket(text: string): number | undefined {
  const open: number[] = [];
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const isAfterGap = i === 0 || /[\s[{,:]/.test(text[i - 1]!);
    if (quote !== '') {
      if (char === '\\' && quote === '"') i++;
      else if (char === quote) quote = '';
    } else if ((char === '"' || char === "'") && isAfterGap) quote = char;
    else if (char === '#' && isAfterGap) i = text.indexOf('\n', i) < 0 ? text.length : text.indexOf('\n', i);
    else if ((char === '[' || char === '{') && (isAfterGap || open.length > 0)) open.push(i);
    else if (char === ']' || char === '}') open.pop();
  }
  return open.at(-1);
}

/** The column of a quote that opens a value and is not closed on its line. */
function unclosedQuote(line: string): number | undefined {
  let open: number | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (open === undefined) {
      if (char === '#' && (i === 0 || /\s/.test(line[i - 1]!))) return undefined;
      if ((char === '"' || char === "'") && (i === 0 || /[\s[{,:]/.test(line[i - 1]!))) {
        open = i;
        quote = char;
      }
    } else if (char === '\\' && quote === '"') i++;
    else if (char === quote) open = undefined;
  }
  return open;
}

function notClosed(message: string): [problem: string, fix: string] {
  return ['This bracket is not closed.', `Close it with "${message.slice(-1)}".`];
}

function range(pos: readonly [number, number]): [number, number] {
  return [pos[0], Math.max(pos[1], pos[0] + 1)];
}

function quotedEnd(message: string): string {
  return `"${message.slice(message.lastIndexOf(' ') + 1)}"`;
}
