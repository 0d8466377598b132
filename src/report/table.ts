import { relative } from 'node:path';
import type { GateRecord, RunRecord, StageRecord } from '../artifacts/run-record.js';
import type { Json } from '../core/canonical-json.js';
import { alignColumns } from './columns.js';
import type { Paint } from './paint.js';
import type { Rows } from './rows.js';
import { formatBytes, formatCount, formatDuration, formatShare } from './units.js';

/**
 * What a run came to, for a terminal: one line per stage or cell with its accuracy and costs, then what was chosen,
 * gates, exports, and a summary.
 * A stage's figures are those of the evaluation that `measure` added behind it, and its own where that has none: what a
 * stage says of itself is from data that it learned from or chose by.
 * No trailing newline.
 * @param folder files inside it are shown relative to it
 */
export function formatTable(record: RunRecord, { paint, folder }: { paint: Paint; folder: string }): string {
  const blocks = [
    stageLines(record, paint),
    choiceLines(record),
    gateLines(record, paint),
    exportLines(record, folder),
    [summary(record, paint)],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function stageLines(record: RunRecord, paint: Paint): string[] {
  const { head, rows, align, stages } = stageFigures(record);
  const [headLine, ...lines] = alignColumns([head, ...rows], align);
  return [
    paint.bold(headLine!),
    ...lines.map((line, index) => (isDone(stages[index]!) ? line : paintStatus(stages[index]!, line, paint))),
  ];
}

/** One row per stage or cell with its accuracy and costs, measured ones where there are; and the stages themselves. */
export function stageFigures(record: RunRecord): Rows & { readonly stages: readonly StageRecord[] } {
  const measured = new Map(
    record.stages.filter(isMeasure).map((stage) => [stage.cell.slice(0, -MEASURE.length), stage]),
  );
  // An evaluation that worked shows in the figures of its stage; one that did not needs a line.
  const stages = record.stages.filter((stage) => !isMeasure(stage) || !isDone(stage));
  const rows = stages.map((stage) => {
    const metrics = { ...stage.metrics, ...measured.get(stage.cell)?.metrics };
    return [stage.cell, statusText(stage), ...COLUMNS.map((column) => column.text(metrics, stage) ?? '–')];
  });
  // A column in which nothing is known is left out.
  const kept = COLUMNS.map((_, index) => rows.some((row) => row[index + 2] !== '–'));
  const shown = (row: readonly string[]) => row.filter((_, index) => index < 2 || kept[index - 2]);
  const head = shown(['stage', '', ...COLUMNS.map((column) => column.head)]);
  const align = head.map((_, index) => (index < 2 ? 'left' : 'right') as 'left' | 'right');
  return { head, rows: rows.map(shown), align, stages };
}

const MEASURE = '.measure';

function isMeasure(stage: StageRecord): boolean {
  return stage.cell.endsWith(MEASURE);
}

function isDone(stage: StageRecord): boolean {
  return stage.status === 'ran' || stage.status === 'cached';
}

function paintStatus(stage: StageRecord, line: string, paint: Paint): string {
  return stage.status === 'failed' ? paint.bad(line) : paint.dim(line);
}

function statusText(stage: StageRecord): string {
  return stage.status === 'ran' ? formatDuration(stage.durationMs) : stage.status;
}

type Metrics = Readonly<Record<string, Json>>;

interface Column {
  readonly head: string;
  text(metrics: Metrics, stage: StageRecord): string | undefined;
}

const COLUMNS: readonly Column[] = [
  { head: 'accuracy', text: (metrics) => format(metrics.accuracy, formatShare) },
  // Where targets are values.
  { head: 'mse', text: (metrics) => format(metrics.mse, (value) => String(Number(value.toPrecision(4)))) },
  { head: 'parameters', text: (metrics) => format(metrics.parameters, formatCount) },
  { head: 'nonzero', text: (metrics) => format(nonzeroShare(metrics), formatShare) },
  { head: 'bytes', text: (metrics, stage) => format(metrics.modelBytes ?? stage.outputs.model?.bytes, formatBytes) },
  { head: 'gzipped', text: (metrics) => format(metrics.gzipBytes, formatBytes) },
  { head: 'latency p50', text: (metrics) => format(p50(metrics.latencyMs), formatDuration) },
];

function format(value: Json | undefined, as: (value: number) => string): string | undefined {
  return typeof value === 'number' ? as(value) : undefined;
}

function nonzeroShare({ nonzeroParameters, parameters, sparsity }: Metrics): number | undefined {
  if (typeof nonzeroParameters === 'number' && typeof parameters === 'number' && parameters > 0) {
    return nonzeroParameters / parameters;
  }
  return typeof sparsity === 'number' ? 1 - sparsity : undefined;
}

function p50(latency: Json | undefined): Json | undefined {
  if (typeof latency !== 'object' || latency === null || Array.isArray(latency)) return undefined;
  return (latency as Readonly<Record<string, Json | undefined>>).p50;
}

/** Which cells of a sweep the stages that choose have chosen, and which others are as good in their way. */
function choiceLines(record: RunRecord): string[] {
  return record.stages.flatMap(({ cell, metrics: { chosen, candidates, front } }) => {
    if (typeof chosen !== 'string' || typeof candidates !== 'number' || !Array.isArray(front)) return [];
    const others = (front as readonly { readonly cell?: Json }[]).flatMap((point) =>
      typeof point.cell === 'string' && point.cell !== chosen ? [point.cell] : [],
    );
    const shown = others.slice(0, FRONT_SHOWN).join(' ');
    const more = others.length > FRONT_SHOWN ? ` and ${others.length - FRONT_SHOWN} more` : '';
    const rest = others.length === 0 ? '' : `; not beaten either: ${shown}${more}`;
    return [`${cell}: ${chosen === '' ? 'the only cell' : chosen}, out of ${candidates}${rest}`];
  });
}

const FRONT_SHOWN = 8;

function gateLines(record: RunRecord, paint: Paint): string[] {
  const gates = record.stages.flatMap((stage) =>
    stage.gates.map((gate) => ({ cell: isMeasure(stage) ? stage.cell.slice(0, -MEASURE.length) : stage.cell, gate })),
  );
  const lines = alignColumns(
    gates.map(({ cell, gate }) => [gate.passed ? '✓' : '✗', cell, gateText(gate), actualText(gate)]),
    ['left', 'left', 'left', 'left'],
  );
  return lines.map((line, index) => (gates[index]!.gate.passed ? paint.good(line) : paint.bad(line)));
}

function gateText({ metric, op, limit }: GateRecord): string {
  switch (op) {
    case 'min':
      return `${metric} >= ${limit}`;
    case 'max':
      return `${metric} <= ${limit}`;
    case 'maxDrop':
      return `${metric} drops by <= ${limit}`;
    case 'maxRise':
      return `${metric} rises by <= ${limit}`;
  }
}

function actualText({ actual }: GateRecord): string {
  // Six significant digits tell apart what a limit can tell apart.
  return actual === null ? '(not known)' : `(${Number(actual.toPrecision(6))})`;
}

function exportLines(record: RunRecord, folder: string): string[] {
  return record.exports.map(({ name, path, from, bytes }) => {
    const shown = relative(folder, path);
    return `${name}: ${shown.startsWith('..') ? path : shown} (${from}, ${formatBytes(bytes)})`;
  });
}

function summary(record: RunRecord, paint: Paint): string {
  const counts = (['ran', 'cached', 'failed', 'skipped', 'cancelled'] as const)
    .map((status) => [status, record.stages.filter((stage) => stage.status === status).length] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ');
  const duration = formatDuration(Date.parse(record.finishedAt) - Date.parse(record.startedAt));
  const line = `${SUMMARY_WORDS[record.status]}: ${counts} in ${duration}`;
  return record.status === 'succeeded' ? paint.good(line) : paint.bad(line);
}

const SUMMARY_WORDS: Readonly<Record<RunRecord['status'], string>> = {
  succeeded: 'Done',
  failed: 'Failed',
  'gate-failed': 'A gate failed',
  interrupted: 'Interrupted',
};
