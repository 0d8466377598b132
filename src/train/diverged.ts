import { UserError } from '../core/errors.js';
import type { Node } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { floatFeed, Session } from '../runtime/session.js';
import type { TrainingSetup } from './build.js';
import type { TrainingEngine } from './engine/engine.js';
import { NAMES } from './engine/program.js';
import { type FlatEntry, splitFlat } from './flat.js';
import { appendNetwork, builderFor, type NetworkPlan } from './network-plan.js';

/**
 * The error for a loss that is no number: names the step, the learning rate, and the first layer with a bad value.
 * Runs the forward pass once more, with the weights that the step started from and every value as an output.
 * @param at.part of the batches in the slot, which one the step learnt from
 * @param at.learningRate of the update before, which made those weights
 */
export async function divergedError(
  setup: TrainingSetup,
  engine: TrainingEngine,
  at: { readonly slot: 0 | 1; readonly part: number; readonly step: number; readonly learningRate: number },
): Promise<UserError> {
  const { parameters } = await engine.readPrevious();
  const { program } = setup;
  const size = sizeOf(program.xDims);
  const parts = program.shards * program.microBatches;
  let found: BadValue | null = null;
  for (let part = at.part * parts; part < (at.part + 1) * parts && found === null; part++) {
    const x = engine.batches[at.slot].x.slice(part * size, (part + 1) * size);
    found = allFinite(x) ? await firstBadValue(setup, parameters, x) : { node: null, text: 'the samples' };
  }
  const when = `The loss became NaN or infinite at step ${at.step + 1}`;
  const fix = found !== null && found.node === null ? CHECK_DATA : TRY;
  return failure({ ...at, when, where: found?.text ?? null, node: found?.node ?? null, fix });
}

/** The error for weights that are no numbers after an update whose loss still was one; null if all are finite. */
export function weightsDivergedError(
  { plan }: TrainingSetup,
  parameters: Float32Array,
  at: { readonly step: number; readonly learningRate: number },
): UserError | null {
  if (allFinite(parameters)) return null;
  const bad = badWeights(plan, parameters);
  const node = plan.model.graph.nodes.find(({ inputs }) => bad.some(({ name }) => inputs.includes(name))) ?? null;
  const { name } = bad.find((entry) => node?.inputs.includes(entry.name)) ?? bad[0]!;
  const where = node === null ? `the weight "${name}"` : weightText(name, node);
  return failure({ ...at, when: `Weights became NaN or infinite in step ${at.step}`, where, node, fix: TRY });
}

/** The error for a validation loss that is no number although the weights are. */
export function validationDivergedError(
  statistics: Float32Array,
  at: { readonly step: number; readonly learningRate: number },
): UserError {
  const when = `The loss on the validation split became NaN or infinite after step ${at.step}`;
  if (allFinite(statistics))
    return failure({ ...at, when, where: null, node: null, fix: `${CHECK_DATA} Else: ${TRY}` });
  return failure({ ...at, when, where: 'the running statistics of a batch normalization', node: null, fix: TRY });
}

const CHECK_DATA = 'Check the data: a sample holds NaN or infinity.';
const TRY =
  'Try a learning rate 10 times smaller, a warm-up (schedule: { constant: { warmup: 1 } }), or data scaled to mean 0.';

interface Failure {
  readonly when: string;
  readonly learningRate: number;
  /** What holds the first bad value; null: nothing of the network does. */
  readonly where: string | null;
  readonly node: Node | null;
  readonly fix: string;
}

function failure({ when, learningRate, where, node, fix }: Failure): UserError {
  const found = where === null ? 'The network itself still gives finite values' : `The first bad value is in ${where}`;
  return new UserError('TRAIN_DIVERGED', `${when}, with learning rate ${learningRate}. ${found}.`, fix, {
    class: 'stage',
    ...(node === null ? {} : { place: { kind: 'graph', node: node.name, opType: node.opType } }),
  });
}

/** Asked after every epoch. 0 · x is NaN where x is not finite; several sums at a time do not wait for one another. */
function allFinite(values: Float32Array): boolean {
  const end = values.length - (values.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < end; i += 4) {
    a += 0 * values[i]!;
    b += 0 * values[i + 1]!;
    c += 0 * values[i + 2]!;
    d += 0 * values[i + 3]!;
  }
  for (let i = end; i < values.length; i++) a += 0 * values[i]!;
  return a + b + c + d === 0;
}

function badWeights({ layout }: NetworkPlan, parameters: Float32Array): FlatEntry[] {
  return layout.entries.filter(({ offset, size }) => !allFinite(parameters.subarray(offset, offset + size)));
}

function weightText(name: string, node: Node): string {
  return `"${name}", a weight of ${node.name} (${node.opType})`;
}

interface BadValue {
  /** Null: not in the network. */
  readonly node: Node | null;
  readonly text: string;
}

async function firstBadValue(
  setup: TrainingSetup,
  parameters: Float32Array,
  x: Float32Array,
): Promise<BadValue | null> {
  const { plan, program } = setup;
  const bad = badWeights(plan, parameters);
  const b = builderFor(plan, 'search for a bad value');
  const network = appendNetwork(b, plan, {
    parameters: splitFlat(b, b.input(NAMES.parameters, 'float32', [plan.layout.size]), plan.layout),
    x: b.input(NAMES.x, 'float32', program.xDims),
    training: true,
  });
  const nodes = plan.model.graph.nodes;
  const watched = nodes.flatMap((node) => {
    const value = network.values.get(node.outputs[0]!);
    return value?.dataType === 'float32' && !b.graph.initializers.has(value.name) ? [{ node, value }] : [];
  });
  const outputs = watched.map(({ value }, i) => b.output(value, `watched:${i}`).name);
  const session = await Session.create(b.build(), { optimization: 'disabled', name: 'the search for a bad value' });
  const results = await session.run({
    [NAMES.parameters]: floatFeed(parameters, [parameters.length]),
    [NAMES.x]: floatFeed(x, program.xDims),
    ...Object.fromEntries(
      network.masks.map(({ input, shape }) => [
        input,
        { dataType: 'uint8', dims: shape, data: new Uint8Array(shape.reduce((size, dim) => size * dim, 1)).fill(1) },
      ]),
    ),
  });
  await session.release();
  for (const node of nodes) {
    const weight = bad.find(({ name }) => node.inputs.includes(name));
    if (weight !== undefined) return { node, text: weightText(weight.name, node) };
    const index = watched.findIndex((watch) => watch.node === node);
    const values = index < 0 ? undefined : (results[outputs[index]!]!.data as Float32Array);
    if (values !== undefined && !allFinite(values))
      return { node, text: `the output of ${node.name} (${node.opType})` };
  }
  return null;
}
