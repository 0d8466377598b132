import type { ActionRecord } from '../artifacts/action-record.js';
import type { Json } from '../core/canonical-json.js';
import { type CollectedMetrics, chosenSlot, readCollected, reportersOf } from './collected.js';
import type { Cell, Plan, Source } from './plan.js';
import { type ExplainableKey, type Memory, PENDING, type Reason, whyMiss } from './why.js';

/** What a run would do with a cell. */
export interface CellForecast {
  readonly cell: Cell;
  /** 'unknown' if it depends on what a stage that has yet to run will make. */
  readonly cache: 'hit' | 'miss' | 'unknown';
  readonly key: string | null;
  /** The cached result. */
  readonly record: ActionRecord | null;
  /** Cells that must run first and whose models it takes. */
  readonly waitsFor: readonly string[];
  /** Why it is no hit; null for a hit. */
  readonly reason: Reason | null;
}

export interface ForecastTools {
  /** @param inputs slot to digest */
  readonly keyOf: (
    cell: Cell,
    inputs: Readonly<Record<string, string>>,
    metrics?: CollectedMetrics,
  ) => {
    readonly key: string;
    readonly record: ExplainableKey['record'];
    readonly details: () => ExplainableKey['details'];
  };
  readonly memory: Memory;
}

/** What `lathe run` would do with every cell, as far as it can be known beforehand. Computes and writes nothing. */
export async function forecastPlan(plan: Plan, { keyOf, memory }: ForecastTools): Promise<CellForecast[]> {
  const digests = new Map<string, string>();
  const metrics = new Map<string, ActionRecord['metrics']>();
  const forecasts: CellForecast[] = [];
  for (const cell of plan.cells) {
    const inputs = Object.entries(cell.inputs).map(([slot, source]) => [slot, digestOf(source, digests)] as const);
    const waitsFor = Object.values(cell.inputs).flatMap((source) =>
      source.kind === 'cell' && digestOf(source, digests) === undefined ? [source.cell] : [],
    );
    waitsFor.push(...reportersOf(cell).filter((id) => !metrics.has(id)));
    // Metrics that are yet to come stand as pending, like models.
    const read = readCollected(cell, (id) => metrics.get(id) ?? pendingMetrics(cell));
    const known = Object.fromEntries(inputs.map(([slot, d]) => [slot, d ?? PENDING]));
    const { key, record, details } = keyOf(cell, known, read ?? {});
    const isKnown = waitsFor.length === 0;
    const found = isKnown ? await memory.peek(key) : null;
    if (found !== null) {
      noteOutputs(cell, found, digests);
      metrics.set(cell.id, found.metrics);
    }
    const now = { key: isKnown ? key : null, record, details: details() };
    forecasts.push({
      cell,
      cache: !isKnown ? 'unknown' : found === null ? 'miss' : 'hit',
      key: now.key,
      record: found,
      waitsFor: [...new Set(waitsFor)],
      reason: found === null ? await whyMiss(cell.id, now, memory) : null,
    });
  }
  return forecasts;
}

/** Why a cell would run, or that it would not, in one line. */
export function whyText({ reason, waitsFor }: CellForecast): string {
  if (reason === null) return 'unchanged';
  const first = waitsFor.length === 0 ? [] : [`after ${waitsFor.join(', ')}`];
  // Of what waits, only changes of its own are worth telling.
  const own = reason.text === '' || (reason.comparedWith === null && first.length > 0) ? [] : [reason.text];
  return [...own, ...first].join('; ');
}

function digestOf(source: Source, digests: ReadonlyMap<string, string>): string | undefined {
  return source.kind === 'file' ? source.digest : digests.get(`${source.cell}.${source.slot}`);
}

/** Stands for the metrics of a cell that has yet to run. */
function pendingMetrics({ collected }: Cell): ActionRecord['metrics'] {
  const pending: Record<string, Json> = {};
  for (const { metrics } of Object.values(collected ?? {})) {
    for (const { path } of Object.values(metrics)) {
      pending[path[0]!] = path.slice(1).reduceRight<Json>((inner, part) => ({ [part]: inner }), PENDING);
    }
  }
  return pending;
}

/** An output that passes an input on has that input's digest. */
function noteOutputs(cell: Cell, record: ActionRecord, digests: Map<string, string>): void {
  for (const [slot, spec] of Object.entries(cell.definition.outputs)) {
    const passed = spec === 'model' ? undefined : 'chosen' in spec ? chosenSlot(record, slot) : spec.same;
    const source = passed === undefined ? undefined : cell.inputs[passed];
    const digest = spec === 'model' ? record.outputs[slot]?.digest : source && digestOf(source, digests);
    if (digest !== undefined) digests.set(`${cell.id}.${slot}`, digest);
  }
}
