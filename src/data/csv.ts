import { UserError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { shownList } from '../core/shown-name.js';
import { sizeOf } from '../onnx/tensor.js';
import { assembleDataset, COMMON_OPTIONS } from './assemble.js';
import { readTable, type Table, type TableRequest } from './csv-table.js';
import { defineDataset, type Target } from './dataset.js';
import type { Stored } from './stored.js';

const COLUMN = {
  anyOf: [{ type: 'string' }, { type: 'integer' }],
} as const;

/** Tables: one row a sample, one column the label (or several, to regress). */
export const csv = defineDataset({
  name: 'csv',
  revision: 1,
  summary: 'A table with one sample per row and its label in a column, gzipped or not.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['train'],
    properties: {
      train: { type: 'string', 'x-lathe': 'file', description: 'Table to train on.' },
      test: { type: 'string', 'x-lathe': 'file', description: 'Table to test on.' },
      header: { type: 'boolean', default: true, description: 'Whether the first line names the columns.' },
      delimiter: { type: 'string', minLength: 1, maxLength: 1, default: ',', description: 'Between columns.' },
      label: {
        anyOf: [...COLUMN.anyOf, { type: 'array', minItems: 1, items: COLUMN }],
        default: -1,
        description:
          'Column of the label, by name or by position from 0 (from the end if negative); several with target: value.',
      },
      target: {
        enum: ['class', 'value'],
        default: 'class',
        description: 'What the label is: the name or number of a class, or a value to regress.',
      },
      features: {
        type: 'array',
        minItems: 1,
        items: COLUMN,
        description: 'Columns of the input; default: all others.',
      },
      shape: {
        type: 'array',
        minItems: 1,
        items: { type: 'integer', minimum: 1 },
        description: 'Shape of a sample, for instance [1, 28, 28]; default: one dimension.',
      },
      ...COMMON_OPTIONS,
    },
  } as const,
  async open({ options, signal }) {
    const labels = (Array.isArray(options.label) ? options.label : [options.label]) as (string | number)[];
    if (options.target === 'class' && labels.length > 1) {
      throw new UserError(
        'DATA_COLUMN',
        `label names ${labels.length} columns.`,
        'A class has one; set target: value to regress several.',
      );
    }
    const request: Omit<TableRequest, 'file' | 'features'> = {
      delimiter: options.delimiter,
      hasHeader: options.header,
      labels,
      target: options.target,
    };
    const train = await readTable({ ...request, file: options.train, features: options.features ?? null }, signal);
    const test =
      options.test === undefined
        ? null
        : await readTable({ ...request, file: options.test, features: train.features }, signal);
    const names = options.target === 'class' ? classNames(train) : null;
    const target: Target =
      names === null ? { kind: 'value', shape: [labels.length] } : { kind: 'class', classes: names.length, names };
    const shape = options.shape ?? [train.features.length];
    checkShape(train, shape);
    const stored = (table: Table): Stored => ({
      source: table.file,
      count: table.count,
      shape,
      values: table.values,
      labels: names === null ? table.targets : classIndices(table, names),
    });
    return assembleDataset({ train: stored(train), test: test === null ? null : stored(test), target }, options);
  },
});

/** Distinct labels in order: numbers by value, other texts by code unit. */
function classNames(table: Table): string[] {
  const { count, file } = table;
  const different = table.labelTexts.length;
  // Numbers to regress, or the names of the samples: of a class that is to be learned, there are two samples at least.
  if (count > 20 && different > count / 2) {
    throw new UserError(
      'DATA_CLASSES',
      different === count
        ? `Every one of the ${count} rows of ${file} has another label.`
        : `The ${count} rows of ${file} have ${different} different labels.`,
      'Set label to the column of the class, or target: value if it is a number to regress.',
    );
  }
  const areNumbers = table.labelTexts.every((text) => Number.isFinite(Number(text)));
  return [...table.labelTexts].sort((a, b) => (areNumbers ? Number(a) - Number(b) : 0) || (a < b ? -1 : 1));
}

function classIndices(table: Table, names: readonly string[]): Int32Array {
  const known = new Map(names.map((name, position) => [name, position]));
  const positions = table.labelTexts.map((text, i) => {
    const position = known.get(text);
    if (position !== undefined) return position;
    const match = nearest(text, names);
    throw new UserError(
      'DATA_LABEL_RANGE',
      `${table.file}:${table.labelLines[i]}: the label "${text}" does not occur in the training table.`,
      match === undefined ? `It has: ${shownList(names)}.` : `Did you mean "${match}"?`,
    );
  });
  return table.labelIndices.map((index) => positions[index]!);
}

function checkShape(table: Table, shape: readonly number[]): void {
  if (sizeOf(shape) === table.features.length) return;
  throw new UserError(
    'DATA_SHAPE',
    `${table.file} has ${table.features.length} features, but shape: [${shape.join(', ')}] asks for ${sizeOf(shape)}.`,
    'Give a shape whose product is the number of features.',
  );
}
