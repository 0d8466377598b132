import { canonicalJson, type Json } from '../core/canonical-json.js';
import { labelOfSlot } from '../plan/collected.js';
import type { Figures } from '../plan/figures.js';
import { type CellForecast, whyText } from '../plan/forecast.js';
import { OPTION_SLOT } from '../plan/option-slot.js';
import type { Source } from '../plan/plan.js';
import { alignColumns } from '../report/columns.js';
import type { Paint } from '../report/paint.js';
import { formatBytes, formatCount } from '../report/units.js';

/** A forecast with what is known of the model that comes out. */
export interface PlannedCell extends CellForecast {
  /** Null where nothing is known, or no model is made. */
  readonly figures: Figures | null;
  /** What its selections mean: option → names of layers or tensors. */
  readonly matches: Readonly<Record<string, readonly string[]>>;
  /** What its process is expected to hold at most; null where that is not known, or nothing has to be computed. */
  readonly memoryBytes: number | null;
}

/** How a forecast reads: "run?" may turn out to be cached. */
export const CACHE_WORDS = { hit: 'cached', miss: 'run', unknown: 'run?' } as const;

/** Slot → where the model comes from. */
export function inputNames({ cell }: CellForecast): Record<string, string> {
  return Object.fromEntries(Object.entries(cell.inputs).map(([slot, source]) => [slot, nameOfSource(source)]));
}

function nameOfSource(source: Source): string {
  if (source.kind === 'file') return source.file;
  return source.slot === 'model' ? source.cell : `${source.cell}.${source.slot}`;
}

/** A table of what would run and come out, then the options of each stage. Of a large sweep, a row tells of many cells. */
export function planText(cells: readonly PlannedCell[], paint: Paint): string {
  const rows = rowsOf(cells).map(rowText);
  const [head, ...lines] = alignColumns(
    [HEAD, ...rows],
    HEAD.map((name) => (NUMBERS.has(name) ? 'right' : 'left')),
  );
  return [paint.bold(head!), ...lines, '', ...optionLines(cells), '', totalText(cells)].join('\n');
}

const HEAD = ['', 'stage', 'uses', 'from', 'parameters', 'nonzero', 'MACs', 'bytes', 'memory', 'why'];
const NUMBERS: ReadonlySet<string> = new Set(['parameters', 'nonzero', 'MACs', 'bytes', 'memory']);

/** From this many cells on, those of one stage in the same state share a row. */
const CELLS_APART = 9;

/** The cells of each row. What `measure` adds is left out where it does as the stage that it measures. */
function rowsOf(cells: readonly PlannedCell[]): PlannedCell[][] {
  const states = new Map(cells.map(({ cell, cache }) => [cell.id, cache === 'hit']));
  const shown = cells.filter(({ cell, cache }) => {
    return !cell.isMeasure || states.get(cell.id.replace(/\.measure$/, '')) !== (cache === 'hit');
  });
  const groups = new Map<string, PlannedCell[]>();
  for (const each of shown) {
    const id = `${each.cell.stage} ${each.cell.isMeasure} ${each.cache}`;
    groups.set(id, [...(groups.get(id) ?? []), each]);
  }
  return [...groups.values()].flatMap((group) => (group.length < CELLS_APART ? group.map((each) => [each]) : [group]));
}

function rowText(row: readonly PlannedCell[]): string[] {
  const [first] = row as [PlannedCell];
  const name = row.length === 1 ? first.cell.id : `${row.length} cells of ${first.cell.stage}`;
  const range = (pick: (figures: Figures) => number | null, format: (value: number) => string) =>
    rangeText(
      row.map(({ figures }) => (figures === null ? null : pick(figures))),
      format,
    );
  const isExact = row.every(({ figures }) => figures?.nonzero.isExact !== false);
  const nonzero = range(({ nonzero: { count } }) => count, formatCount);
  return [
    CACHE_WORDS[first.cache],
    name,
    first.cell.uses,
    common(row.map(inputsText)),
    range(({ parameters }) => parameters, formatCount),
    nonzero === '' || isExact ? nonzero : `≤ ${nonzero}`,
    range(({ macs }) => macs, formatCount),
    range(({ bytes }) => bytes, formatBytes),
    rangeText(
      row.map(({ memoryBytes }) => memoryBytes),
      formatBytes,
    ),
    common(row.map(whyText)),
  ];
}

function rangeText(values: readonly (number | null)[], format: (value: number) => string): string {
  const known = values.flatMap((value) => value ?? []);
  if (known.length === 0) return '';
  return [...new Set([Math.min(...known), Math.max(...known)].map(format))].join(' – ');
}

/** What all texts are, without the labels of cells where these differ. */
function common(texts: readonly string[]): string {
  const distinct = new Set(texts);
  if (distinct.size === 1) return texts[0]!;
  const shorter = new Set(texts.map((text) => text.replaceAll(/\[[^\]]*\]/g, '')));
  return shorter.size === 1 ? [...shorter][0]! : 'various';
}

/** Of collected models only how many there are. */
function inputsText(forecast: CellForecast): string {
  const names = Object.entries(inputNames(forecast)).filter(([slot]) => labelOfSlot(slot) === null);
  const count = Object.keys(forecast.cell.collected ?? {}).length;
  const collected = count === 0 ? [] : [count === 1 ? '1 cell' : `${count} cells`];
  const isPlain = (slot: string) => slot === 'model' || slot.startsWith(OPTION_SLOT);
  const single = names.map(([slot, name]) => (isPlain(slot) ? name : `${slot}: ${name}`));
  return [...single, ...collected].join(', ') || '–';
}

/** The options that all cells of a stage have in common; beneath, what selections match. */
function optionLines(cells: readonly PlannedCell[]): string[] {
  const stages = new Map<string, PlannedCell[]>();
  for (const each of cells) {
    if (!each.cell.isMeasure) stages.set(each.cell.stage, [...(stages.get(each.cell.stage) ?? []), each]);
  }
  const rows = [...stages].flatMap(([stage, all]) => [
    [stage, optionsText(all)],
    ...matchLines(all).map((line) => ['', line]),
  ]);
  return alignColumns(rows, ['left', 'left']);
}

function optionsText(cells: readonly PlannedCell[]): string {
  const texts = cells.map(({ cell }) => Object.entries(cell.options).map(([name, value]) => `${name}=${show(value)}`));
  const rest = texts.slice(1).map((each) => new Set(each));
  return cut(texts[0]!.filter((text) => rest.every((others) => others.has(text))).join(' '));
}

function show(value: Json): string {
  return typeof value === 'string' ? value : canonicalJson(value);
}

function matchLines(cells: readonly PlannedCell[]): string[] {
  const [first, ...others] = cells.map(({ matches }) => matches);
  return Object.entries(first!).map(([option, names]) => {
    const isCommon = others.every((each) => canonicalJson([...(each[option] ?? [])]) === canonicalJson([...names]));
    return cut(`${option} → ${isCommon ? names.join(', ') || 'nothing' : 'various'}`);
  });
}

function cut(text: string): string {
  return text.length <= TEXT_WIDTH ? text : `${text.slice(0, TEXT_WIDTH - 1)}…`;
}

const TEXT_WIDTH = 100;

function totalText(cells: readonly PlannedCell[]): string {
  const hits = cells.filter(({ cache }) => cache === 'hit').length;
  const unknown = cells.filter(({ cache }) => cache === 'unknown').length;
  const total = `${cells.length} stages: ${hits} cached, ${cells.length - hits - unknown} to compute`;
  return total + (unknown === 0 ? '.' : `, ${unknown} depending on what those make.`);
}
