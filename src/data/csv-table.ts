import { atOption } from '../core/at-option.js';
import { UserError } from '../core/errors.js';
import { shownName } from '../core/shown-name.js';
import { type ColumnReference, type Columns, columnIndex, columnName } from './csv-columns.js';
import { type Row, visitRows } from './csv-rows.js';
import { GrowingList } from './growing-list.js';

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
  const values = new GrowingList(Float32Array, file);
  const targets = new GrowingList(Float32Array, file);
  const labelIndices = new GrowingList(Int32Array, file);
  const known = new Map<string, { index: number; line: number }>();
  const begin = (row: Row): Columns => {
    const names = request.hasHeader ? row.fields.map((field) => field.trim()) : null;
    const found = { file, names, count: row.fields.length };
    const placed = (option: string) => (reference: ColumnReference, at: number) =>
      atOption([option, at], () => columnIndex(found, reference));
    labels = request.labels.map(placed('label'));
    features =
      request.features?.map(placed('features')) ??
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
      checkNewLabel(text, known.size, { file, line: row.line, column: columnName(columns, labels[0]!) });
      label = { index: known.size, line: row.line };
      known.set(text, label);
    }
    labelIndices.push(label.index);
  });
  const names = columns?.names ?? null;
  const indices = labelIndices.toArray();
  return {
    file,
    count: indices.length,
    features: names === null ? features : features.map((index) => names[index]!),
    values: values.toArray(),
    targets: targets.toArray(),
    labelTexts: [...known.keys()],
    labelIndices: indices,
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

/** Checks the text of a class that did not occur before. */
function checkNewLabel(
  text: string,
  knownLabels: number,
  { file, line, column }: { readonly file: string; readonly line: number; readonly column: string },
): void {
  if (text === '') {
    throw new UserError(
      'DATA_LABEL_EMPTY',
      `${file}:${line}: ${column} is empty.`,
      'Give the row a label or leave it out.',
    );
  }
  if (text.length <= MAX_LABEL_CHARACTERS && knownLabels < MAX_LABELS) return;
  const problem =
    text.length > MAX_LABEL_CHARACTERS
      ? `the name of a class has ${text.length} characters; at most ${MAX_LABEL_CHARACTERS} are read`
      : `this is a ${MAX_LABELS + 1}th class; at most ${MAX_LABELS} are read`;
  throw new UserError(
    'DATA_CLASSES',
    `${file}:${line}: ${column}: ${problem}.`,
    'Set label to the column of the class, or target: value if it is a number to regress.',
  );
}

/** All names of classes are kept in memory: no data set needs more, and a column that is no label soon has more. */
const MAX_LABELS = 100_000;
const MAX_LABEL_CHARACTERS = 1000;

function numberAt(row: Row, index: number, columns: Columns): number {
  const text = row.fields[index]!.trim();
  const value = text === '' ? Number.NaN : Number(text);
  // Float32 has a smaller range than the text may use.
  if (Number.isFinite(Math.fround(value))) return value;
  throw new UserError(
    'DATA_NUMBER',
    `${columns.file}:${row.line}: ${columnName(columns, index)} is "${shownName(text)}", not a finite number.`,
    'Correct the cell, leave the row out, or choose other columns with features.',
  );
}
