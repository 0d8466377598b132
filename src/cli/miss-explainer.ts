import { whyMiss } from '../plan/why.js';
import type { RunOptions } from '../run/run-plan.js';
import { type MemoryPlaces, memoryOf } from './memory.js';

/** Tells why a cell has no result. Load this module when the first one has none: a run that finds all does without. */
export function missExplainer(places: MemoryPlaces): NonNullable<RunOptions['whyMiss']> {
  const memory = memoryOf(places);
  return async (cell, { key, record, details }) => {
    if (details === undefined) throw new Error('internal: a key without details');
    return (await whyMiss(cell.id, { key, record, details: details() }, memory)).text;
  };
}
