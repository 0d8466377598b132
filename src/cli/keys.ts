import { cacheKey, keyRecord } from '../plan/key.js';
import type { Cell } from '../plan/plan.js';
import type { CellKey } from '../run/run-cell.js';
import type { RuntimeFacts } from '../run/runtime-facts.js';

/** How keys are made on this machine, from a cell and the digests of its inputs by slot. */
export function keyFunction({
  onnxruntime,
  provider,
  cpuClass,
}: RuntimeFacts): (cell: Cell, inputs: Readonly<Record<string, string>>) => CellKey {
  return (cell, inputs) => {
    const record = keyRecord(cell, inputs, { onnxruntime, provider, cpuClass });
    return { key: cacheKey(record), record };
  };
}
