import { isDeepStrictEqual } from 'node:util';
import type { Lockfile } from '../artifacts/lockfile.js';
import type { RunRecord } from '../artifacts/run-record.js';
import { canonicalJson, type Json } from '../core/canonical-json.js';
import { own } from '../core/own.js';
import { shownValue } from '../core/shown-value.js';
import { flatMetrics } from './flat-metrics.js';
import type { Rows } from './rows.js';
import { formatBytes } from './units.js';

/** A run or a lockfile, as far as two of them are compared. */
export interface Compared {
  readonly name: string;
  readonly cells: Readonly<Record<string, ComparedCell>>;
}

interface ComparedCell {
  /** Why there is no result: 'failed', 'skipped' or 'cancelled'. */
  readonly missing?: string;
  readonly uses: string;
  readonly options: Readonly<Record<string, Json>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, { readonly digest: string; readonly bytes: number }>>;
}

/** One thing in which two runs differ. */
export interface DiffEntry {
  readonly cell: string;
  /** 'cell': it is in one of the two only; 'result': one of them has none; 'model': the digest of an output; 'size': its bytes. */
  readonly kind: 'cell' | 'uses' | 'result' | 'option' | 'metric' | 'model' | 'size';
  readonly name: string;
  /** Null where it is not there. */
  readonly before: Json;
  readonly after: Json;
}

export function comparedRun(record: RunRecord): Compared {
  const cells = record.stages.map(({ cell, status, uses, options, metrics, outputs, inputs }) => {
    // A model that is passed on belongs to the cell that made it.
    const made = Object.entries(outputs).filter(([, { digest }]) => !Object.values(inputs).includes(digest));
    const missing = status === 'ran' || status === 'cached' ? {} : { missing: status };
    return [
      cell,
      { uses, options, ...missing, metrics: flatMetrics(metrics), outputs: Object.fromEntries(made) },
    ] as const;
  });
  return { name: record.id, cells: Object.fromEntries(cells) };
}

export function comparedLockfile(lockfile: Lockfile, name: string): Compared {
  return { name, cells: lockfile.cells };
}

/** In what two runs differ, in the order of the cells: what was asked for, then what came out. */
export function diffOf(before: Compared, after: Compared): DiffEntry[] {
  const ids = [...new Set([...Object.keys(after.cells), ...Object.keys(before.cells)])];
  return ids.flatMap((cell) => {
    const [a, b] = [own(before.cells, cell), own(after.cells, cell)];
    const entry = (kind: DiffEntry['kind'], name: string, from: Json | undefined, to: Json | undefined): DiffEntry[] =>
      isDeepStrictEqual(from, to) ? [] : [{ cell, kind, name, before: from ?? null, after: to ?? null }];
    if (a === undefined || b === undefined) return entry('cell', cell, a?.uses, b?.uses);
    const asked = [
      ...entry('uses', 'uses', a.uses, b.uses),
      ...leaves(a.options, b.options).flatMap(([name, from, to]) => entry('option', name, from, to)),
    ];
    if (a.missing !== undefined || b.missing !== undefined) {
      return [...asked, ...entry('result', 'result', a.missing ?? 'there', b.missing ?? 'there')];
    }
    const slots = [...new Set([...Object.keys(a.outputs), ...Object.keys(b.outputs)])].sort();
    return [
      ...asked,
      ...leaves(a.metrics, b.metrics).flatMap(([name, from, to]) => entry('metric', name, from, to)),
      ...slots.flatMap((slot) => [
        ...entry('model', slot, own(a.outputs, slot)?.digest, own(b.outputs, slot)?.digest),
        ...entry('size', slot, own(a.outputs, slot)?.bytes, own(b.outputs, slot)?.bytes),
      ]),
    ];
  });
}

/** For a program: values as they are. */
export function diffValues(entries: readonly DiffEntry[]): Rows {
  const text = (value: Json) => (value === null ? '' : typeof value === 'string' ? value : canonicalJson(value));
  return {
    head: ['cell', 'kind', 'name', 'before', 'after'],
    align: ['left', 'left', 'left', 'left', 'left'],
    rows: entries.map(({ cell, kind, name, before, after }) => [cell, kind, name, text(before), text(after)]),
  };
}

/** For a person. @param before, after names of the two for the head */
export function diffRows(entries: readonly DiffEntry[], before: string, after: string): Rows {
  const resized = new Set(entries.flatMap(({ cell, kind, name }) => (kind === 'size' ? [`${cell}\n${name}`] : [])));
  // What has another size has other bytes; that need not be said.
  const shown = entries.filter(({ cell, kind, name }) => kind !== 'model' || !resized.has(`${cell}\n${name}`));
  return {
    head: ['cell', 'what', before, after, 'change'],
    align: ['left', 'left', 'right', 'right', 'right'],
    rows: shown.map((entry) => [
      entry.cell,
      WORDS[entry.kind](entry.name),
      shownIn(entry, entry.before),
      shownIn(entry, entry.after),
      changeText(entry),
    ]),
  };
}

const WORDS: Readonly<Record<DiffEntry['kind'], (name: string) => string>> = {
  cell: () => '',
  uses: () => 'uses',
  result: () => 'result',
  option: (name) => `option ${name}`,
  metric: (name) => name,
  model: (name) => `digest of ${name}`,
  size: (name) => `size of ${name}`,
};

function shownIn({ kind }: DiffEntry, value: Json): string {
  if (value === null) return '–';
  if (kind === 'model') return String(value).slice(0, 12);
  if (typeof value !== 'number') return shownValue(value);
  return kind === 'size' ? formatBytes(value) : String(Number(value.toPrecision(6)));
}

/** Signed difference, and in percent where that says something. */
function changeText({ kind, before, after }: DiffEntry): string {
  if (kind === 'cell') return before === null ? 'new' : 'gone';
  if (typeof before !== 'number' || typeof after !== 'number' || kind === 'option') return '';
  const sign = after > before ? '+' : '−';
  const size = Math.abs(after - before);
  const absolute = kind === 'size' ? formatBytes(size) : String(Number(size.toPrecision(3)));
  const percent = before === 0 ? '' : ` (${sign}${Number(((100 * size) / Math.abs(before)).toPrecision(2))}%)`;
  return `${sign}${absolute}${percent}`;
}

type Mapping = Readonly<Record<string, Json>>;

/** Differing values of two mappings; of mappings within them, those of theirs. */
function leaves(before: Mapping, after: Mapping): (readonly [string, Json | undefined, Json | undefined])[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [from, to] = [own(before, name), own(after, name)];
    if (!isMapping(from) || !isMapping(to)) return [[name, from, to] as const];
    return leaves(from, to).map(([inner, ...values]) => [`${name}.${inner}`, ...values] as const);
  });
}

function isMapping(value: Json | undefined): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
