import type { ActionRecord } from '../artifacts/action-record.js';
import type { Json } from '../core/canonical-json.js';
import { type CollectedMetrics, chosenSlot, readCollected, reportersOf } from './collected.js';
import type { Cell, Plan, Source } from './plan.js';
import { type ExplainableKey, PENDING } from './why.js';

/** Whether the cache has a cell's result. */
export interface CellOutlook {
  readonly cell: Cell;
  /** 'unknown' if it depends on what a stage that has yet to run will make. */
  readonly cache: 'hit' | 'miss' | 'unknown';
  /** With `PENDING` in place of what is yet to be made. */
  readonly key: { readonly key: string; readonly record: Json; readonly details: () => ExplainableKey['details'] };
  /** The cached result. */
  readonly record: ActionRecord | null;
  /** Cells that must run first and whose models or metrics it takes. */
  readonly waitsFor: readonly string[];
}

export interface LookAheadTools {
  /** @param inputs slot to digest */
  readonly keyOf: (
    cell: Cell,
    inputs: Readonly<Record<string, string>>,
    metrics?: CollectedMetrics,
  ) => CellOutlook['key'];
  /** The result for a key as its record tells; null if the cache has none. */
  readonly peek: (key: string) => Promise<ActionRecord | null>;
  /** Cells that are computed even if the cache has their result. Default: none. */
  readonly isForced?: (cell: Cell) => boolean;
}

/** What the cache has of a plan, as far as that can be known beforehand. Reads records alone. */
export async function lookAhead(plan: Plan, { keyOf, peek, isForced }: LookAheadTools): Promise<CellOutlook[]> {
  const digests = new Map<string, string>();
  const metrics = new Map<string, ActionRecord['metrics']>();
  const outlooks: CellOutlook[] = [];
  for (const cell of plan.cells) {
    const inputs = Object.entries(cell.inputs).map(([slot, source]) => [slot, digestOf(source, digests)] as const);
    const waitsFor = Object.values(cell.inputs).flatMap((source) =>
      source.kind === 'cell' && digestOf(source, digests) === undefined ? [source.cell] : [],
    );
    waitsFor.push(...reportersOf(cell).filter((id) => !metrics.has(id)));
    // Metrics that are yet to come stand as pending, like models.
    const read = readCollected(cell, (id) => metrics.get(id) ?? pendingMetrics(cell));
    const known = Object.fromEntries(inputs.map(([slot, digest]) => [slot, digest ?? PENDING]));
    const key = keyOf(cell, known, read ?? {});
    const isKnown = waitsFor.length === 0;
    const found = isKnown && isForced?.(cell) !== true ? await peek(key.key) : null;
    if (found !== null) {
      noteOutputs(cell, found, digests);
      metrics.set(cell.id, found.metrics);
    }
    const cache = !isKnown ? 'unknown' : found === null ? 'miss' : 'hit';
    outlooks.push({ cell, cache, key, record: found, waitsFor: [...new Set(waitsFor)] });
  }
  return outlooks;
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
