import type { KeyDetails } from '../artifacts/action-record.js';
import type { LockedRuntime } from '../artifacts/lockfile.js';
import type { CollectedMetrics } from '../plan/collected.js';
import { cacheKey, keyRecord } from '../plan/key.js';
import { keyDetails } from '../plan/key-details.js';
import type { Cell, Plan } from '../plan/plan.js';
import type { CellKey } from '../run/run-cell.js';

/** How the keys of a plan's cells are made on this machine, from a cell and the digests of its inputs by slot. */
export function keyFunction(
  { onnxruntime, cpuClass, gpu }: Pick<LockedRuntime, 'onnxruntime' | 'cpuClass' | 'gpu'>,
  plan: Plan,
): (
  cell: Cell,
  inputs: Readonly<Record<string, string>>,
  metrics?: CollectedMetrics,
) => CellKey & { readonly details: () => KeyDetails } {
  const runtime = { onnxruntime, cpuClass, ...(gpu === undefined ? {} : { gpu }) };
  return (cell, inputs, metrics) => {
    const record = keyRecord(cell, inputs, runtime, metrics);
    return { key: cacheKey(record), record, details: () => keyDetails(cell, record, plan) };
  };
}

/** The same function, which makes no key twice. */
export function rememberedKeys<Key>(
  keyOf: (cell: Cell, inputs: Readonly<Record<string, string>>, metrics?: CollectedMetrics) => Key,
): typeof keyOf {
  const known = new Map<string, Key>();
  return (cell, inputs, metrics) => {
    const id = JSON.stringify([cell.id, inputs, metrics]);
    const key = known.get(id) ?? keyOf(cell, inputs, metrics);
    known.set(id, key);
    return key;
  };
}
