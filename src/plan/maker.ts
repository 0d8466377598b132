import type { OutputSpec } from '../plugin/stage.js';
import type { Drafts } from './drafts.js';
import type { DraftSource } from './sources.js';
import type { Wiring } from './wiring.js';

/**
 * Who really makes a model: cells that pass their input on are looked through, those that choose one are not.
 * Undefined if a cell on the way is at fault or leads back to itself; that is reported elsewhere.
 */
export function makerOf(
  source: DraftSource,
  drafts: Drafts,
  wiring: ReadonlyMap<string, Wiring>,
): DraftSource | undefined {
  let here: DraftSource | undefined = source;
  for (let steps = 0; here?.kind === 'cell'; steps++) {
    const { cell, slot }: DraftSource & { kind: 'cell' } = here;
    const output: OutputSpec | undefined = drafts.cell(cell)?.definition?.outputs[slot];
    if (output === undefined || steps > drafts.stages.size) return undefined;
    if (output === 'model' || 'chosen' in output) return here;
    here = wiring.get(cell)?.sources.get(output.same);
  }
  return here;
}
