import type { StageDefinition } from '../plugin/stage.js';
import type { Declarations, DeclarationsRequest } from './declarations.js';
import { checkReference, type Draft } from './draft.js';
import { measureCell } from './metrics.js';
import { resolveOptions } from './options.js';
import type { ResolvedNetwork } from './plan.js';
import type { Wiring } from './wiring.js';

/** The evaluation that `measure` adds behind a stage. */
export interface Measure {
  /** The cell whose model it evaluates. */
  readonly cell: string;
  readonly draft: Draft;
  readonly wiring: Wiring;
}

/** One evaluation behind every cell that makes a model; none behind those that pass one on. */
export async function draftMeasures(
  request: DeclarationsRequest,
  declarations: Declarations,
  zoo: Map<string, () => Promise<ResolvedNetwork>>,
  stages: readonly Draft[],
  evaluate: StageDefinition,
): Promise<Measure[]> {
  const { recipe, judge, paths, problems } = request;
  const written = { data: recipe.measure!.data };
  const schema = evaluate.options as never;
  const path = ['measure'];
  const resolved = await resolveOptions({ recipe, judge, paths, owner: 'measure', schema, written, path, problems });
  if (resolved === null || !declarations.data.has(written.data)) return [];
  for (const reference of resolved.references)
    await checkReference(request, declarations, zoo, { reference, at: path, labels: {} });
  const slot = Object.keys(evaluate.inputs).includes('model') ? 'model' : Object.keys(evaluate.inputs)[0]!;
  return stages.flatMap(({ id, index, stage, labels, definition, path: at }) => {
    const made = Object.entries(definition?.outputs ?? {}).filter(([, spec]) => spec === 'model');
    const output = made.find(([name]) => name === 'model') ?? made[0];
    if (output === undefined) return [];
    const declaration = {
      id: measureCell(stage),
      uses: evaluate.name,
      from: null,
      each: null,
      collect: null,
      needs: [],
      cells: [],
      tolerance: {},
      runtime: recipe.runtime,
      hasRuntime: false,
      timeoutMs: null,
      attempts: 1,
      checkpoint: null,
    };
    const draft: Draft = {
      index,
      id: measureCell(id),
      stage,
      labels,
      declaration,
      expect: {},
      definition: evaluate,
      ...resolved,
      path: at,
    };
    const source = { kind: 'cell', cell: id, slot: output[0], isWritten: true } as const;
    return [{ cell: id, draft, wiring: { sources: new Map([[slot, source]]), collected: [], needs: [] } }];
  });
}
