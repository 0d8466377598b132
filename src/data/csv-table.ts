import { UserError } from '../core/errors.js';
import { type ColumnReference, type Columns, columnIndex, columnName } from './csv-columns.js';
import { type Row, visitRows } from './csv-rows.js';
import { FloatList } from './float-list.js';

export interface TableRequest {
  readonly file: string;
  readonly delimiter: string;
  readonly hasHeader: boolean;
  readonly labels: readonly ColumnReference[];
  /** null: every column that is no label, in the order of the file. */
  readonly features: readonly ColumnReference[] | null;
  /** Labels are kept as text, or read as numbers. */
  readonly target: 'class' | 'value';
}

/** The numbers and labels of a CSV file. */
export interface Table {
  readonly file: string;
  readonly count: number;
  /** How the features are called here, to find them in another file. */
  readonly features: readonly ColumnReference[];
  /** [count, features] */
  readonly values: Float32Array;
  /** Value targets [count, labels]; empty for classes. */
  readonly targets: Float32Array;
  /** Classes: distinct label texts in order of appearance, and for each row which one, and its line. */
  readonly labelTexts: readonly string[];
  readonly labelIndices: Int32Array;
  /** Line on which each label text appears first. */
  readonly labelLines: readonly number[];
}

/** Reads one file. Throws DATA_COLUMN, DATA_CSV, DATA_NUMBER (naming line and column) and what visitRows throws. */
export async function readTable(request: TableRequest, signal: AbortSignal): Promise<Table> {
  const { file } = request;
  let columns: Columns | undefined;
  let features: number[] = [];
  let labels: number[] = [];
  const values = new FloatList(file);
  const targets = new FloatList(file);
  const labelIndices: number[] = [];
  const known = new Map<string, { index: number; line: number }>();
  const begin = (row: Row): Columns => {
    const names = request.hasHeader ? row.fields.map((field) => field.trim()) : null;
    const found = { file, names, count: row.fields.length };
    labels = request.labels.map((reference) => columnIndex(found, reference));
    features =
      request.features?.map((reference) => columnIndex(found, reference)) ??
      row.fields.map((_, index) => index).filter((index) => !labels.includes(index));
    checkColumns(found, features, labels);
    return found;
  };
  await visitRows(file, request.delimiter, signal, (row) => {
    if (columns === undefined) {
      columns = begin(row);
      if (request.hasHeader) return;
    }
    if (row.fields.length !== columns.count) {
      throw new UserError(
        'DATA_CSV',
        `${file}:${row.line}: the row has ${row.fields.length} columns, the first line has ${columns.count}.`,
        'Every row must have as many; look for a missing quote or delimiter.',
      );
    }
    for (const index of features) values.push(numberAt(row, index, columns));
    if (request.target === 'value') {
      for (const index of labels) targets.push(numberAt(row, index, columns));
      labelIndices.push(0);
      return;
    }
    const text = row.fields[labels[0]!]!.trim();
    let label = known.get(text);
    if (label === undefined) {
      if (text === '') {
        throw new UserError(
          'DATA_LABEL_EMPTY',
          `${file}:${row.line}: ${columnName(columns, labels[0]!)} is empty.`,
          'Give the row a label or leave it out.',
        );
      }
      label = { index: known.size, line: row.line };
      known.set(text, label);
    }
    labelIndices.push(label.index);
  });
  const names = columns?.names ?? null;
  return {
    file,
    count: labelIndices.length,
    features: names === null ? features : features.map((index) => names[index]!),
    values: values.toArray(),
    targets: targets.toArray(),
    labelTexts: [...known.keys()],
    labelIndices: Int32Array.from(labelIndices),
    labelLines: Array.from(known.values(), (label) => label.line),
  };
}

function checkColumns(columns: Columns, features: readonly number[], labels: readonly number[]): void {
  const shared = features.find((index) => labels.includes(index));
  if (shared !== undefined) {
    throw new UserError(
      'DATA_COLUMN',
      `In ${columns.file} ${columnName(columns, shared)} is both a feature and the label.`,
      'Remove it from features.',
    );
  }
  if (features.length === 0) {
    throw new UserError(
      'DATA_COLUMN',
      `${columns.file} has ${columns.count === 1 ? 'one column' : `${columns.count} columns`}, and none is left as a feature.`,
      'Set delimiter if it is another than assumed, or choose features and label.',
    );
  }
}

function numberAt(row: Row, index: number, columns: Columns): number {
  const text = row.fields[index]!.trim();
  const value = text === '' ? Number.NaN : Number(text);
  // Float32 has a smaller range than the text may use.
  if (Number.isFinite(Math.fround(value))) return value;
  throw new UserError(
    'DATA_NUMBER',
    `${columns.file}:${row.line}: ${columnName(columns, index)} is "${text}", not a finite number.`,
    'Correct the cell, leave the row out, or choose other columns with features.',
  );
}
