import { shownName } from '../core/shown-name.js';

/**
 * Lines of a table whose columns are as wide as their widest cell. The first column is aligned left, others as `align` says.
 * @param rows texts without colours, the head first; all rows of one length
 */
export function alignColumns(rows: readonly (readonly string[])[], align: readonly ('left' | 'right')[]): string[] {
  const shown = rows.map((row) => row.map((cell) => shownName(cell, CELL_WIDTH)));
  const widths = align.map((_, column) => shown.reduce((width, row) => Math.max(width, row[column]!.length), 0));
  return shown.map((row) =>
    row
      .map((cell, column) => (align[column] === 'left' ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** No name from a file may make a table of any width: all rows would be as wide. */
const CELL_WIDTH = 200;
