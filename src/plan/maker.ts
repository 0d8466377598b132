import type { OutputSpec } from '../plugin/stage.js';
import type { Draft } from './draft.js';
import type { DraftSource, Wiring } from './sources.js';

/**
 * Who really makes a model: stages that pass their input on are looked through.
 * Undefined if a stage on the way is at fault or leads back to itself; that is reported elsewhere.
 */
export function makerOf(
  source: DraftSource,
  drafts: readonly Draft[],
  wiring: ReadonlyMap<string, Wiring>,
): DraftSource | undefined {
  let here: DraftSource | undefined = source;
  for (let steps = 0; here?.kind === 'stage'; steps++) {
    const { stage, slot }: DraftSource & { kind: 'stage' } = here;
    const output: OutputSpec | undefined = drafts.find(({ id }) => id === stage)?.definition?.outputs[slot];
    if (output === undefined || steps > drafts.length) return undefined;
    if (output === 'model') return here;
    here = wiring.get(stage)?.sources.get(output.same);
  }
  return here;
}
