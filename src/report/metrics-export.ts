import type { RunRecord } from '../artifacts/run-record.js';
import type { Json } from '../core/canonical-json.js';
import { flatMetrics } from './flat-metrics.js';
import { csv, type Rows } from './rows.js';
import { eventFile, type ScalarPoint } from './tensorboard.js';

/** Every number that a run measured, one a row. */
export function metricRows({ stages }: RunRecord): Rows {
  return {
    head: ['cell', 'uses', 'status', 'metric', 'value'],
    align: ['left', 'left', 'left', 'left', 'right'],
    rows: stages.flatMap(({ cell, uses, status, metrics }) =>
      Object.entries(flatMetrics(metrics)).map(([name, value]) => [cell, uses, status, name, String(value)]),
    ),
  };
}

/** metrics.tsv of a run's folder: cell, metric, value, with a head. Ends with a newline. */
export function metricsTsv(record: RunRecord): string {
  const { head, rows } = metricRows(record);
  const kept = [0, 3, 4];
  const lines = [head, ...rows].map((row) => kept.map((index) => row[index]!));
  return `${csv(lines, '\t')}\n`;
}

/** A table of numbers over the steps of a stage. */
interface Curve {
  readonly cell: string;
  /** What the numbers are of: epochs, or single steps. */
  readonly kind: 'epochs' | 'steps';
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (Json | undefined)[])[];
}

/** The training curves of a run: file name → CSV with a head, one row per measurement in the order of training. */
export function curveFiles(record: RunRecord): ReadonlyMap<string, string> {
  return new Map(
    curvesOf(record).map(({ cell, kind, columns, rows }) => [
      `${fileName(cell)}${kind === 'steps' ? '.steps' : ''}.csv`,
      `${csv([columns, ...rows.map((row) => row.map(cellText))])}\n`,
    ]),
  );
}

/** The same for TensorBoard, a folder for each cell: path → content. */
export function tensorboardFiles(record: RunRecord): ReadonlyMap<string, Uint8Array> {
  const wallTime = Math.floor(Date.parse(record.startedAt) / 1000);
  const points = new Map<string, ScalarPoint[]>();
  for (const { cell, kind, columns, rows } of curvesOf(record)) {
    const steps = columns.indexOf('step');
    const found = rows.flatMap((row) =>
      row.flatMap((value, index) => {
        const step = row[steps];
        if (index === steps || typeof value !== 'number' || typeof step !== 'number') return [];
        return [{ tag: `${kind}/${columns[index]}`, step, value }];
      }),
    );
    points.set(cell, [...(points.get(cell) ?? []), ...found]);
  }
  // TensorBoard knows event files by this part of their names.
  return new Map(
    [...points].map(([cell, found]) => [
      `${fileName(cell)}/events.out.tfevents.${wallTime}.lathe`,
      eventFile(found, wallTime),
    ]),
  );
}

function curvesOf({ stages }: RunRecord): Curve[] {
  return stages.flatMap(({ cell, metrics: { history, steps } }) => [
    ...(history === undefined ? [] : epochCurve(cell, history)),
    ...(steps === undefined ? [] : stepCurve(cell, steps)),
  ]);
}

/** The metric `history` is a list of measurements, each a mapping of names to values. */
function epochCurve(cell: string, history: Json): Curve[] {
  if (!Array.isArray(history) || history.length === 0 || !history.every(isMapping)) return [];
  const names = [...new Set(history.flatMap((entry) => Object.keys(entry)))];
  const first = ['step', 'epoch'].filter((name) => names.includes(name));
  const columns = [...first, ...names.filter((name) => !first.includes(name))];
  return [{ cell, kind: 'epochs', columns, rows: history.map((entry) => columns.map((name) => entry[name])) }];
}

/** The metric `steps` is a mapping of names to lists of equal length, `step` among them. */
function stepCurve(cell: string, steps: Json): Curve[] {
  if (!isMapping(steps) || !Array.isArray(steps.step)) return [];
  const { length } = steps.step;
  const lists = Object.entries(steps).filter(
    (entry): entry is [string, Json[]] => Array.isArray(entry[1]) && entry[1].length === length,
  );
  // A mapping that comes from canonical JSON has its keys sorted.
  const columns = ['step', ...lists.map(([name]) => name).filter((name) => name !== 'step')];
  const byName = new Map(lists);
  const rows = Array.from({ length }, (_, index) => columns.map((name) => byName.get(name)![index]));
  return [{ cell, kind: 'steps', columns, rows }];
}

function cellText(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isMapping(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A cell's id as the name of a file on any system, and never that of another folder; what must not stand there becomes "%" and its code. */
function fileName(cell: string): string {
  // Half a character would make it throw.
  const encoded = (char: string) => encodeURIComponent(Buffer.from(char).toString()).replace(/[^%\w]/g, '_');
  return cell.replace(/[^\w.=,+[\]-]/gu, encoded).replace(/^\./, '%2E');
}
