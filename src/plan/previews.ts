import type { ActionRecord } from '../artifacts/action-record.js';
import type { DataMemory } from '../artifacts/data-memory.js';
import type { Store } from '../artifacts/store.js';
import { isUserError, type UserError, UserErrors } from '../core/errors.js';
import { Random } from '../core/random.js';
import type { Dataset } from '../data/dataset.js';
import { modelSize } from '../evaluate/model-size.js';
import { withStandIns } from '../onnx/stand-ins.js';
import { isFloat } from '../onnx/weights.js';
import type { ModelPreview, PreviewContext, StagePreview } from '../plugin/preview.js';
import type { Registries } from '../plugin/registries.js';
import { distinct, inOrder } from '../recipe/load.js';
import { buildResolvedNetwork } from './build-network.js';
import { chosenSlot, labelOfSlot } from './collected.js';
import { OPTION_SLOT } from './option-slot.js';
import type { Cell, Plan, Source } from './plan.js';
import { previewData } from './preview-data.js';
import { fileProblems, previewProblems, Unknown } from './preview-problems.js';
import { filePreview, storedPreview } from './stored-preview.js';

export interface PreviewRequest {
  readonly plan: Plan;
  readonly registries: Registries;
  /** Results of the cells that the cache knows; all others are previewed. */
  readonly records: ReadonlyMap<string, ActionRecord>;
  readonly store: Pick<Store, 'isIntact' | 'pathOf'>;
  /** Knows data sets that were opened before. */
  readonly dataMemory?: Pick<DataMemory, 'get' | 'note'>;
}

export interface PlanPreview {
  /** By cell: those that have no result yet. */
  readonly cells: ReadonlyMap<string, StagePreview>;
  /** The model that a cell makes or chooses as its output `model`; null if it makes none, or nothing is known of it. */
  modelOf(cell: Cell): Promise<ModelPreview | null>;
}

/**
 * What the cells without a result will make, one after another from what their inputs are or will be. Runs no model and
 * trains nothing. Opens data sets that are not remembered.
 * Throws UserErrors with everything that is found to be impossible, in the order of the recipe.
 */
export async function previewPlan(request: PreviewRequest): Promise<PlanPreview> {
  const walk = new Walk(request);
  const problems: UserError[] = [];
  for (const cell of request.plan.cells) {
    if (!request.records.has(cell.id)) problems.push(...(await walk.visit(cell)));
  }
  if (problems.length > 0) throw new UserErrors(inOrder(distinct(problems)));
  return walk;
}

class Walk implements PlanPreview {
  readonly cells = new Map<string, StagePreview>();
  private readonly byId: ReadonlyMap<string, Cell>;
  private readonly known = new Map<string, Promise<unknown>>();

  constructor(private readonly request: PreviewRequest) {
    this.byId = new Map(request.plan.cells.map((cell) => [cell.id, cell]));
  }

  /** Previews a cell; what is wrong with it is returned, and what comes behind it is unknown. */
  async visit(cell: Cell): Promise<readonly UserError[]> {
    const { recipe } = this.request.plan;
    try {
      // Of stages without a plan, too: a damaged file is better told now than after an hour of training.
      for (const source of Object.values(cell.inputs)) if (source.kind === 'file') await this.modelFrom(source);
      this.cells.set(cell.id, (await cell.definition.plan?.(await this.contextOf(cell))) ?? {});
      return [];
    } catch (error) {
      this.cells.set(cell.id, {});
      return error instanceof Unknown ? [] : previewProblems(error, cell, recipe);
    }
  }

  async modelOf(cell: Cell): Promise<ModelPreview | null> {
    const spec = cell.definition.outputs.model;
    const isMade = spec === 'model' || (spec !== undefined && 'chosen' in spec);
    return isMade ? this.modelFrom({ kind: 'cell', cell: cell.id, slot: 'model' }) : null;
  }

  private async contextOf(cell: Cell): Promise<PreviewContext<unknown>> {
    const inputs: Record<string, ModelPreview | null> = {};
    const named = new Map<string, ModelPreview | null>();
    const collected: PreviewContext<unknown>['collected'][number][] = [];
    for (const [slot, source] of Object.entries(cell.inputs)) {
      const preview = await this.modelFrom(source);
      const label = labelOfSlot(slot);
      if (label !== null) collected.push({ label, labels: cell.collected![label]!.labels, preview });
      else if (slot.startsWith(OPTION_SLOT)) named.set(slot.slice(OPTION_SLOT.length), preview);
      else inputs[slot] = preview;
    }
    return {
      options: cell.options,
      inputs,
      model: (name) => named.get(name) ?? null,
      collected,
      data: (name) => this.data(cell, name),
      network: (name, data) => this.network(cell, name, data),
      random: new Random(cell.seed),
    };
  }

  private modelFrom(source: Source): Promise<ModelPreview | null> {
    const id = source.kind === 'file' ? `file ${source.file}` : `cell ${source.cell} ${source.slot}`;
    return this.once(id, () => (source.kind === 'file' ? this.fileOf(source) : this.outputOf(source)));
  }

  /** Throws UserErrors, placed at the file's entry in the recipe. */
  private async fileOf({ file }: Source & { kind: 'file' }): Promise<ModelPreview> {
    try {
      return await filePreview(file);
    } catch (error) {
      throw fileProblems(error, file, this.request.plan.recipe);
    }
  }

  private async outputOf({ cell: id, slot }: Source & { kind: 'cell' }): Promise<ModelPreview | null> {
    const { records, store } = this.request;
    const record = records.get(id);
    if (record === undefined) return this.cells.get(id)?.outputs?.[slot] ?? null;
    const stored = record.outputs[slot];
    if (stored !== undefined) {
      return (await store.isIntact(stored)) ? storedPreview(store.pathOf(stored.files[0]!.digest)) : null;
    }
    const chosen = this.byId.get(id)?.inputs[chosenSlot(record, slot) ?? ''];
    return chosen === undefined ? null : this.modelFrom(chosen);
  }

  private data(cell: Cell, name: string): Promise<Dataset> {
    const { registries, dataMemory, plan } = this.request;
    const use = cell.data[name];
    if (use === undefined) throw new Error(`no option names the data set "${name}"`);
    return this.once(`data ${use.digest}`, async () => {
      try {
        return await previewData(use, registries.datasets, dataMemory);
      } catch (error) {
        // Any other error is a matter of who opens it in earnest.
        if (!isUserError(error)) throw new Unknown();
        const { option } = error;
        const { recipe } = plan;
        throw error.at(
          option === undefined
            ? recipe.locate(['data', name], 'key')
            : recipe.locate(['data', name, 'with', ...option]),
        );
      }
    });
  }

  private network(cell: Cell, name: string, data: Dataset): Promise<ModelPreview> {
    const network = cell.networks[name];
    if (network === undefined) throw new Error(`no option names the network "${name}"`);
    const id = `network ${network.digest} ${JSON.stringify([data.inputShape, data.target])}`;
    return this.once(id, async () => {
      const random = new Random(cell.seed);
      const model = await buildResolvedNetwork(network, this.request.registries, { data, random });
      if (network.kind === 'file') return { model, hasWeights: true };
      const { initializers } = model.graph;
      const names = modelSize(model).tensors.map((tensor) => tensor.name);
      const floats = names.filter((each) => isFloat(initializers.get(each)?.dataType ?? 'undefined'));
      return { model: withStandIns(model, floats), hasWeights: false };
    });
  }

  private once<T>(id: string, compute: () => Promise<T>): Promise<T> {
    const known = this.known.get(id) ?? compute();
    this.known.set(id, known);
    return known as Promise<T>;
  }
}
