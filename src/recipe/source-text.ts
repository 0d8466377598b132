import type { LineCounter, Node } from 'yaml';
import type { Place } from '../core/errors.js';

/** The text of a recipe, for turning offsets into places. */
export class SourceText {
  constructor(
    readonly text: string,
    readonly file: string,
    private readonly lines: LineCounter,
  ) {}

  /** The place of a range of the text, cut to its first line. */
  place(start: number, end: number): Place & { kind: 'text' } {
    const { line, col } = this.lines.linePos(start);
    const lineStart = this.lines.lineStarts[line - 1] ?? 0;
    const newline = this.text.indexOf('\n', lineStart);
    const whole = this.text.slice(lineStart, newline < 0 ? undefined : newline);
    const source = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    const written = this.text.slice(start, Math.min(end, lineStart + source.length)).trimEnd();
    return { kind: 'text', file: this.file, line, column: col, length: Math.max(1, written.length), source };
  }

  /** The place of a node; the beginning of the text where a node has none. */
  placeOf(node: Node | null): Place & { kind: 'text' } {
    const range = node?.range ?? [0, 1, 1];
    return this.place(range[0], Math.max(range[1], range[0] + 1));
  }
}
