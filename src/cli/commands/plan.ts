import { resolve } from 'node:path';
import { openDataMemory } from '../../artifacts/data-memory.js';
import { openFileMemory } from '../../artifacts/file-memory.js';
import { Store } from '../../artifacts/store.js';
import { figuresOf } from '../../plan/figures.js';
import { whyText } from '../../plan/forecast.js';
import { previewPlan } from '../../plan/previews.js';
import { stageBytes } from '../../run/memory-budget.js';
import { EXIT } from '../exit-code.js';
import { forecast } from '../forecast.js';
import { inputNames, type PlannedCell, planText } from '../plan-text.js';
import { prepare, withoutSecrets } from '../prepare.js';
import type { Environment } from '../program.js';
import type { Terminal } from '../terminal.js';
import type { TrustOptions } from '../trust.js';

export interface PlanCommandOptions extends TrustOptions {
  readonly recipe: string;
  readonly set: readonly string[];
  readonly json: boolean;
  readonly cacheDir: string;
}

/** `lathe plan`: what `lathe run` would do, and what would come out. Writes nothing. Throws what it finds to be impossible. */
export async function planCommand(options: PlanCommandOptions, terminal: Terminal, env: Environment): Promise<number> {
  const cacheDir = resolve(options.cacheDir);
  const files = openFileMemory(cacheDir);
  const { plan, registries } = await prepare(options, { terminal, env, files });
  const { cells: forecasts } = await forecast(plan, options.cacheDir);
  const records = new Map(
    forecasts.flatMap(({ cell, record }) => (record === null ? [] : [[cell.id, record] as const])),
  );
  const store = new Store(cacheDir);
  const dataMemory = openDataMemory(cacheDir);
  const previews = await withoutSecrets(plan.recipe, env, () =>
    previewPlan({ plan, registries, records, store, dataMemory }),
  );
  const cells: PlannedCell[] = [];
  for (const each of forecasts) {
    const model = await previews.modelOf(each.cell);
    const { matches = {}, memory } = previews.cells.get(each.cell.id) ?? {};
    const memoryBytes = memory === undefined ? null : stageBytes(memory);
    cells.push({ ...each, figures: model === null ? null : figuresOf(model), matches, memoryBytes });
  }
  terminal.out(options.json ? JSON.stringify(cells.map(jsonOf), null, 2) : planText(cells, terminal.paint));
  return EXIT.ok;
}

function jsonOf(planned: PlannedCell): object {
  const { cell, cache, key, waitsFor, reason, figures, matches, memoryBytes } = planned;
  return {
    cell: cell.id,
    uses: cell.uses,
    cache,
    key,
    why: whyText(planned),
    changes: (reason?.changes ?? []).map(({ text }) => text),
    waitsFor,
    inputs: inputNames(planned),
    options: cell.options,
    matches,
    memoryBytes,
    // By the names of the metrics that tell the same of a finished model.
    model: figures && {
      parameters: figures.parameters,
      nonzeroParameters: figures.nonzero.count,
      isNonzeroExact: figures.nonzero.isExact,
      macs: figures.macs,
      modelBytes: figures.bytes,
    },
  };
}
