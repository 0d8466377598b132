import type { Json } from '../core/canonical-json.js';
import type { Path } from '../core/path.js';
import type { Registries } from '../plugin/registries.js';
import type { Recipe } from '../recipe/recipe.js';
import { collectedCells, collectedSlot, reportersOf } from './collected.js';
import { type Declarations, placed } from './declarations.js';
import type { Digests } from './digests.js';
import type { Draft } from './draft.js';
import type { Drafts } from './drafts.js';
import type { PlacedGate } from './gates.js';
import { cellSeed } from './key.js';
import { makerOf } from './maker.js';
import type { Measure } from './measure.js';
import type { Reporters } from './metrics.js';
import { replaceAt } from './options.js';
import { topologicalOrder } from './order.js';
import type { PlacedTolerances } from './place-tolerances.js';
import type { Cell, ResolvedNetwork, ResolvedUse, Source } from './plan.js';
import type { Wiring } from './wiring.js';

export interface AssembleRequest {
  readonly recipe: Recipe;
  readonly registries: Registries;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly digests: Digests;
  readonly declarations: Declarations;
  /** Networks that options name and the recipe does not declare. */
  readonly zoo: ReadonlyMap<string, () => Promise<ResolvedNetwork>>;
  readonly stages: Drafts;
  readonly measures: readonly Measure[];
  readonly wiring: ReadonlyMap<string, Wiring>;
  readonly gates: readonly PlacedGate[];
  readonly tolerances: PlacedTolerances;
  readonly reporters: Reporters;
}

/** The cells of a faultless recipe in topological order. Hashes the files that they use. */
export async function assembleCells(request: AssembleRequest): Promise<Cell[]> {
  const cells = new Map<string, Cell>();
  const measures = new Map(request.measures.map(({ cell, draft }) => [cell, draft]));
  const gates = new Map<string, PlacedGate[]>();
  for (const gate of request.gates) gates.set(gate.cell, [...(gates.get(gate.cell) ?? []), gate]);
  for (const draft of request.stages.all) {
    cells.set(draft.id, await assembleCell(request, draft, gates.get(draft.id) ?? [], false));
    const measure = measures.get(draft.id);
    if (measure === undefined) continue;
    cells.set(measure.id, await assembleCell(request, measure, gates.get(measure.id) ?? [], true));
  }
  const dependencies = new Map([...cells].map(([id, { dependsOn }]) => [id, dependsOn]));
  return topologicalOrder([...cells.keys()], dependencies).map((id) => cells.get(id)!);
}

async function assembleCell(
  request: AssembleRequest,
  draft: Draft,
  gates: readonly PlacedGate[],
  isMeasure: boolean,
): Promise<Cell> {
  const { recipe, registries, environment, wiring } = request;
  const { id, stage, labels, declaration, references } = draft;
  const definition = draft.definition!;
  const options = draft.options!;
  const wires = wiring.get(id)!;
  const inputs = await inputsOf(request, wires);
  const collected = collectedCells(draft, wires, request.reporters);
  const plugin = registries.identityOf(definition);
  const seed = cellSeed(recipe.seed, id);
  request.digests.contents.notePlugin(plugin);
  request.digests.contents.note(seed, { seed: recipe.seed, cell: id });
  const data: Record<string, ResolvedUse> = {};
  const networks: Record<string, ResolvedNetwork> = {};
  const replaced: [Path, Json][] = [];
  for (const { kind, path, name } of references) {
    switch (kind) {
      case 'dataset':
        data[name] = await request.declarations.data.get(name)!();
        replaced.push([path, { dataset: data[name].digest }]);
        break;
      case 'network':
        networks[name] = await (request.declarations.networks.get(name) ?? request.zoo.get(name))!();
        replaced.push([path, { network: networks[name].digest }]);
        break;
      case 'model':
        replaced.push([path, { model: name }]);
        break;
      case 'metric':
        break;
      default:
        replaced.push([
          path,
          { [kind]: await placed(recipe, [...draft.path, 'with', ...path], digestOf(request, kind, name)) },
        ]);
    }
  }
  return {
    id,
    stage,
    labels,
    uses: declaration.uses,
    definition,
    plugin,
    options,
    keyOptions: replaceAt(options, replaced),
    modelOptions: references.filter(({ kind }) => kind === 'model').map(({ path, name }) => ({ path, name })),
    inputs,
    collected: collected?.cells ?? null,
    metrics: { ...collected?.specs, ...definition.metrics },
    dependsOn: dependenciesOf(wires, inputs, gates, reportersOf({ collected: collected?.cells ?? null })),
    data,
    networks,
    seed,
    env: Object.fromEntries(
      recipe.env.hash.map((name) => [name, Object.hasOwn(environment, name) ? (environment[name] ?? null) : null]),
    ),
    gates: gates.map(({ metric, gate, against, place }) => ({ metric, gate, against, place })),
    tolerances: request.tolerances.get(id) ?? {},
    runtime: definition.computes ? declaration.runtime : null,
    timeoutMs: declaration.timeoutMs,
    attempts: declaration.attempts,
    checkpoint: declaration.checkpoint,
    isMeasure,
    place: recipe.locate([...draft.path, 'id']),
  };
}

function digestOf({ digests }: AssembleRequest, kind: 'file' | 'folder', name: string): Promise<string> {
  return kind === 'folder' ? digests.folder(name) : digests.file(name);
}

async function inputsOf(request: AssembleRequest, wires: Wiring): Promise<Record<string, Source>> {
  const { recipe, stages, wiring, declarations } = request;
  const inputs: Record<string, Source> = {};
  const taken = wires.collected.map(({ label, source }) => [collectedSlot(label), source] as const);
  for (const [slot, source] of [...wires.sources, ...taken]) {
    const maker = makerOf(source, stages, wiring);
    if (maker === undefined) throw new Error(`internal: nobody makes the input "${slot}"`);
    inputs[slot] =
      maker.kind === 'cell'
        ? { kind: 'cell', cell: maker.cell, slot: maker.slot }
        : { kind: 'file', file: recipe.models[maker.name]!.file, digest: await declarations.models.get(maker.name)!() };
  }
  return inputs;
}

/** A stage that only passes a model on is waited for where the recipe names it, not where it merely stands above. */
function dependenciesOf(
  wires: Wiring,
  inputs: Readonly<Record<string, Source>>,
  gates: readonly PlacedGate[],
  reporters: readonly string[],
): string[] {
  const makers = Object.values(inputs).flatMap((source) => (source.kind === 'cell' ? [source.cell] : []));
  const named = [...wires.sources.values()].flatMap((source) =>
    source.kind === 'cell' && source.isWritten ? [source.cell] : [],
  );
  const collected = wires.collected.map(({ draft }) => draft.id);
  const compared = gates.flatMap(({ against }) => against ?? []);
  return [...new Set([...makers, ...named, ...collected, ...reporters, ...wires.needs, ...compared])];
}
