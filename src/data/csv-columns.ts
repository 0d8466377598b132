import { UserError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { shownList, shownName } from '../core/shown-name.js';

/** A column by name, or by position from 0 (from the end if negative). */
export type ColumnReference = string | number;

/** The columns of one file: their names (null without a header) and how many there are. */
export interface Columns {
  readonly file: string;
  readonly names: readonly string[] | null;
  readonly count: number;
}

/** The position of a column. Throws DATA_COLUMN with a suggestion. */
export function columnIndex(columns: Columns, reference: ColumnReference): number {
  if (typeof reference === 'number') {
    const index = reference < 0 ? columns.count + reference : reference;
    if (index >= 0 && index < columns.count) return index;
    throw new UserError(
      'DATA_COLUMN',
      `${columns.file} has no column ${reference}: it has ${columns.count}, counted from 0.`,
      fewColumnsHint(columns) || 'Give a position that exists.',
    );
  }
  if (columns.names === null) {
    throw new UserError(
      'DATA_COLUMN',
      `The column "${reference}" is given by name, but ${columns.file} is read without a header.`,
      'Set header: true, or give its position, counted from 0.',
    );
  }
  const index = columns.names.indexOf(reference);
  if (index >= 0) return index;
  const match = nearest(reference, columns.names);
  throw new UserError(
    'DATA_COLUMN',
    `${columns.file} has no column "${reference}".`,
    match === undefined ? `It has: ${shownList(columns.names)}.${fewColumnsHint(columns)}` : `Did you mean "${match}"?`,
  );
}

/** How messages call a column. */
export function columnName(columns: Columns, index: number): string {
  return columns.names === null ? `column ${index}` : `column "${shownName(columns.names[index]!)}"`;
}

function fewColumnsHint(columns: Columns): string {
  return columns.count === 1 ? ' With one column only, the delimiter is probably another: set delimiter.' : '';
}
