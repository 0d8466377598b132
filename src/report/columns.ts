/**
 * Lines of a table whose columns are as wide as their widest cell. The first column is aligned left, others as `align` says.
 * @param rows texts without colours, the head first; all rows of one length
 */
export function alignColumns(rows: readonly (readonly string[])[], align: readonly ('left' | 'right')[]): string[] {
  const widths = align.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (align[column] === 'left' ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
