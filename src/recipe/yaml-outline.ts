import { CST, Lexer } from 'yaml';

/** Why a YAML text is not worth parsing to its end. */
export interface OutlineFault {
  /** What opens one level more than a recipe can have; a bracket that closes none, or one of the other kind; one part too many. */
  readonly kind: 'nested' | 'unmatched' | 'many';
  /** The offset behind it. */
  readonly end: number;
}

/**
 * The first fault in how the levels of a YAML text lie within each other. The parser needs a hundred times as long, and far more
 * memory, for a text of nothing but brackets: it makes an error of each one that does not match, and calls itself for each level.
 * @param partsMax the most words, signs and gaps: a parser's memory goes by these, not by characters
 */
export function outlineFault(text: string, partsMax: number): OutlineFault | undefined {
  /** Columns in which the lists and mappings begin that are written without brackets. */
  const columns: number[] = [];
  const brackets: string[] = [];
  let offset = 0;
  let lineStart = 0;
  let isLineStart = true;
  let isContent = false;
  /** Colons of the line outside of brackets: to the parser each after the first opens a mapping within the one before. */
  let colons = 0;
  let parts = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (!isContent && MARKS.has(lexeme)) {
      // By its indentation, the text goes on outside of all brackets.
      if (lexeme === CST.FLOW_END) brackets.length = 0;
      isContent = lexeme === CST.SCALAR;
      continue;
    }
    if (++parts > partsMax) return { kind: 'many', end: offset + lexeme.length };
    const isSign = !isContent && lexeme.length === 1;
    if (brackets.length === 0 && (isLineStart || (isSign && '-?'.includes(lexeme))) && !/^[\s#]/.test(lexeme)) {
      const column = offset - lineStart;
      while (columns.length > 0 && columns.at(-1)! >= column) columns.pop();
      columns.push(column);
    }
    if (isSign && '[{'.includes(lexeme)) brackets.push(lexeme);
    if (isSign && ']}'.includes(lexeme) && brackets.pop() !== (lexeme === ']' ? '[' : '{')) {
      return { kind: 'unmatched', end: offset + 1 };
    }
    if (isSign && lexeme === ':' && brackets.length === 0) colons++;
    if (columns.length + brackets.length + Math.max(0, colons - 1) > LEVELS_MAX)
      return { kind: 'nested', end: offset + 1 };
    if (lexeme.includes('\n')) {
      lineStart = offset + lexeme.lastIndexOf('\n') + 1;
      colons = 0;
    }
    isLineStart = lexeme.endsWith('\n') || (isLineStart && /^[ \t]/.test(lexeme));
    offset += lexeme.length;
    isContent = false;
  }
  return undefined;
}

/** What the lexer puts between the parts of a text. */
const MARKS = new Set([CST.SCALAR, CST.DOCUMENT, CST.FLOW_END]);

/** Those that ship have seven. */
const LEVELS_MAX = 100;
