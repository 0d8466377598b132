import { forTwoThreads, turnProducts } from '../autodiff/index.js';
import type { GraphBuilder, Value } from '../onnx/builder.js';
import { encodeModel } from '../onnx/write.js';
import { NAMES, type Piece, type Slice, type TrainingProgram, type UpdateOutputs } from './engine/program.js';
import { concatFlat, type FlatLayout, flatLayout, sliceLayout, splitFlat } from './flat.js';
import { appendGradient, type GradientCall, type GradientGraph } from './gradient-graph.js';
import { builderFor, encodeGraph, finishGraph, type NetworkPlan } from './network-plan.js';
import { piecesOf } from './pieces.js';
import { afterAll, repeatGraph } from './repeat-graph.js';
import { appendUpdate, dimsOfUpdate, hyperNames, slotNames, splitHyper, type UpdatePlan } from './update.js';

/** What the graphs of a training program are made of. */
export interface GraphsCall {
  readonly plan: NetworkPlan;
  readonly update: UpdatePlan;
  readonly xDims: readonly number[];
  readonly yDims: readonly number[];
  readonly isClass: boolean;
  readonly gradient: Omit<GradientCall, 'parameters' | 'x' | 'y' | 'factor'>;
}

export interface ProgramGraphs {
  readonly graphs: TrainingProgram['graphs'];
  readonly outputs: TrainingProgram['outputs'];
  readonly gradient: GradientGraph;
}

export interface FusedGraphOptions {
  /** More than 1: the graph makes several steps in a run. */
  readonly stepsPerRun: number;
  /** True if two threads inside operators would pay: the graph is made so that they give the same bits as one, where it can be. */
  readonly wantsThreads: boolean;
}

/** Gradient and update of one shard in one graph. */
export function fusedGraph(call: GraphsCall, { stepsPerRun, wantsThreads }: FusedGraphOptions): ProgramGraphs {
  const { plan, update } = call;
  const whole = { start: 0, end: plan.layout.size };
  // The length of the gradient needs all of it at once.
  const slices = stepsPerRun === 1 || update.clipNorm !== null ? [whole] : piecesOf(plan.layout);
  const b = builderFor(plan, 'training step');
  const parts = slices.map((slice, i): Part => {
    const suffix = slices.length === 1 ? '' : `.${i}`;
    const layout = entriesIn(plan.layout, slice);
    const dims = pieceDims(layout, update);
    return { ...slice, suffix, dims, layout, vector: b.input(NAMES.parameters + suffix, 'float32', dims) };
  });
  const hyper = splitHyper(b, b.input(NAMES.hyper, 'float32', [hyperNames(update).length]));
  const { gradient, inputs } = gradientOf(
    b,
    {
      ...call,
      factor: update.optimizer.stateFactor === undefined ? null : hyper.at(update.optimizer.hyperNames.length - 1)!,
    },
    new Map(parts.flatMap(({ vector, layout }) => [...splitFlat(b, vector, layout)])),
  );
  const byName = new Map(plan.layout.entries.map(({ name }, i) => [name, gradient.gradients[i]!]));
  const pieces = parts.map(({ vector, layout, ...piece }): Piece => {
    const { suffix, dims } = piece;
    const gradients = layout.entries.map(({ name }) => byName.get(name) ?? null);
    const gradient = concatFlat(b, gradients, layout, dims);
    const call = { parameters: vector, gradients: [gradient], hyper, suffix };
    return { ...piece, outputs: addUpdate(b, { ...update, layout, dims }, call) };
  });
  const report = b.output(gradient.report).name;
  if (plan.provider === 'cpu') turnProducts(b);
  const threads = wantsThreads && forTwoThreads(b) ? 2 : 1;
  if (stepsPerRun === 1) {
    const step = encodeGraph(plan, b);
    return {
      graphs: { kind: 'fused', step, pieces, stepsPerRun, threads },
      outputs: { gradient: '', report },
      gradient,
    };
  }
  const repeated = repeatGraph(finishGraph(plan, b), {
    carried: pieces.flatMap(({ suffix, outputs }) => [
      { input: NAMES.parameters + suffix, output: outputs.parameters },
      ...slotNames(update).map((name, i) => ({ input: NAMES.slot + name + suffix, output: outputs.slots[i]! })),
    ]),
    perStep: [...inputs, NAMES.hyper],
    collected: [report],
  });
  const renamed = pieces.map(({ outputs, ...piece }) => ({
    ...piece,
    outputs: { parameters: afterAll(outputs.parameters), slots: outputs.slots.map(afterAll) },
  }));
  return {
    graphs: { kind: 'fused', step: encodeModel(repeated), pieces: renamed, stepsPerRun, threads },
    outputs: { gradient: '', report: afterAll(report) },
    gradient,
  };
}

/** A piece under construction. */
interface Part extends Slice {
  readonly suffix: string;
  readonly dims: readonly number[];
  readonly vector: Value;
  readonly layout: FlatLayout;
}

/** A tensor that travels alone keeps its shape, so that no step has to give it another one. The clipping of gradients wants a vector. */
function pieceDims({ entries, size }: FlatLayout, { clipNorm }: UpdatePlan): readonly number[] {
  return entries.length === 1 && clipNorm === null ? entries[0]!.dims : [size];
}

/** The layout of the tensors that lie in a slice, none of which is cut. */
function entriesIn({ entries }: FlatLayout, { start, end }: Slice): FlatLayout {
  return flatLayout(entries.filter(({ offset }) => offset >= start && offset < end));
}

/** A graph for the gradient of one shard, and one for the update of each part of the vectors. */
export function shardedGraphs(call: GraphsCall, { shards, cores }: { shards: number; cores: number }): ProgramGraphs {
  const { plan, update } = call;
  const { size } = plan.layout;
  const { b, gradient } = gradientGraph(call);
  const outputs = {
    gradient: b.output(concatFlat(b, gradient.gradients, plan.layout)).name,
    report: b.output(gradient.report).name,
  };
  // The length of the gradient needs all of it at once.
  const parts = update.clipNorm === null ? Math.min(shards, cores) : 1;
  const updates = slicesOf(size, parts).map((slice) => ({ ...slice, ...sliceUpdate(plan, update, slice, shards) }));
  return { graphs: { kind: 'sharded', gradient: encodeGraph(plan, b), updates }, outputs, gradient };
}

/** Forward pass, loss and gradient of one shard, not yet with outputs. */
export function gradientGraph(call: Omit<GraphsCall, 'update'>): {
  readonly b: GraphBuilder;
  readonly gradient: GradientGraph;
} {
  const { layout } = call.plan;
  const b = builderFor(call.plan, 'gradient');
  const vector = b.input(NAMES.parameters, 'float32', [layout.size]);
  const { gradient } = gradientOf(b, call, splitFlat(b, vector, layout));
  return { b, gradient };
}

/** @returns also the names of the inputs that belong to a batch */
function gradientOf(
  b: GraphBuilder,
  {
    plan,
    xDims,
    yDims,
    isClass,
    gradient,
    factor = null,
  }: Omit<GraphsCall, 'update'> & { readonly factor?: Value | null },
  parameters: ReadonlyMap<string, Value>,
): { gradient: GradientGraph; inputs: string[] } {
  const x = b.input(NAMES.x, 'float32', xDims);
  const y = b.input(NAMES.y, isClass ? 'int32' : 'float32', yDims);
  const graph = appendGradient(b, plan, { ...gradient, parameters, x, y, factor });
  return { gradient: graph, inputs: [NAMES.x, NAMES.y, ...graph.dropouts.map(({ input }) => input)] };
}

/**
 * A vector cut into parts of about equal size. Every element has the same bits in any part: updates work element by element,
 * and a part begins where the processor's vectors do.
 */
function slicesOf(size: number, parts: number): Slice[] {
  const step = Math.ceil(size / parts / SLICE_UNIT) * SLICE_UNIT;
  return Array.from({ length: Math.ceil(size / step) }, (_, i) => ({
    start: i * step,
    end: Math.min(size, (i + 1) * step),
  }));
}

const SLICE_UNIT = 64;

function sliceUpdate(
  plan: NetworkPlan,
  update: UpdatePlan,
  { start, end }: Slice,
  shards: number,
): { graph: Uint8Array; outputs: UpdateOutputs } {
  const b = builderFor(plan, 'update');
  const part = { ...update, layout: sliceLayout(update.layout, start, end) };
  const parameters = b.input(NAMES.parameters, 'float32', [end - start]);
  const gradients = Array.from({ length: shards }, (_, shard) =>
    b.input(`${NAMES.gradient}${shard}`, 'float32', [end - start]),
  );
  const hyper = splitHyper(b, b.input(NAMES.hyper, 'float32', [hyperNames(update).length]));
  const outputs = addUpdate(b, part, { parameters, gradients, hyper, suffix: '' });
  return { graph: encodeModel(b.build()), outputs };
}

interface UpdateCall {
  readonly parameters: Value;
  readonly gradients: readonly Value[];
  readonly hyper: readonly Value[];
  /** Follows the names of the inputs that are added. */
  readonly suffix: string;
}

/** Adds the update with its state as inputs, and makes its results outputs. @returns their names */
function addUpdate(b: GraphBuilder, plan: UpdatePlan, { suffix, ...call }: UpdateCall): UpdateOutputs {
  const dims = dimsOfUpdate(plan);
  const next = appendUpdate(b, plan, {
    ...call,
    slots: slotNames(plan).map((name) => b.input(NAMES.slot + name + suffix, 'float32', dims)),
    keep: plan.isMasked ? b.input(NAMES.keep + suffix, 'bool', dims) : null,
  });
  return {
    parameters: b.output(next.parameters).name,
    slots: next.slots.map((slot) => b.output(slot).name),
  };
}
