import type { RunRecord, StageRecord } from '../artifacts/run-record.js';
import type { Json } from '../core/canonical-json.js';
import { flatMetrics } from './flat-metrics.js';
import { csv, type Rows } from './rows.js';

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

/** The training curves of a run: file name → CSV with a head, one row per measurement in the order of training. */
export function curveFiles({ stages }: RunRecord): ReadonlyMap<string, string> {
  return new Map(
    stages.flatMap((stage) => {
      const curve = curveOf(stage);
      return curve === null ? [] : [[`${fileName(stage.cell)}.csv`, curve] as const];
    }),
  );
}

/** The metric `history` is a list of measurements, each a mapping of names to numbers. */
function curveOf({ metrics: { history } }: StageRecord): string | null {
  if (!Array.isArray(history) || history.length === 0 || !history.every(isMapping)) return null;
  const names = [...new Set(history.flatMap((entry) => Object.keys(entry)))];
  const first = ['step', 'epoch'].filter((name) => names.includes(name));
  const columns = [...first, ...names.filter((name) => !first.includes(name))];
  const rows = history.map((entry) => columns.map((name) => cellText(entry[name])));
  return `${csv([columns, ...rows])}\n`;
}

function cellText(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isMapping(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A cell's id as the name of a file on any system; what must not stand there becomes "%" and its code. */
function fileName(cell: string): string {
  return cell.replace(/[^\w.=,+[\]-]/gu, (char) => encodeURIComponent(char).replace(/[^%\w]/g, '_'));
}
