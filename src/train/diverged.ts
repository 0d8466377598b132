import { UserError } from '../core/errors.js';
import type { Node } from '../onnx/ir.js';
import { floatFeed, Session } from '../runtime/session.js';
import type { TrainingSetup } from './build.js';
import type { TrainingEngine } from './engine/engine.js';
import { NAMES } from './engine/program.js';
import { appendNetwork, builderFor } from './network-plan.js';

/**
 * The error for a loss that is no number: names the step, the learning rate, and the first layer with a bad value.
 * Runs the forward pass once more, with the weights that the step started from and every value as an output.
 * @param at.learningRate of the update before, which made those weights
 */
export async function divergedError(
  setup: TrainingSetup,
  engine: TrainingEngine,
  at: { readonly slot: 0 | 1; readonly step: number; readonly learningRate: number },
): Promise<UserError> {
  const { parameters } = await engine.readPrevious();
  const { program } = setup;
  const size = program.xDims.reduce((product, dim) => product * dim, 1);
  let found: BadValue | null = null;
  for (let part = 0; part < program.shards * program.microBatches && found === null; part++) {
    const x = engine.batches[at.slot].x.slice(part * size, (part + 1) * size);
    found = x.every(Number.isFinite) ? await firstBadValue(setup, parameters, x) : { node: null, text: 'the samples' };
  }
  const where =
    found === null ? 'The network itself still gives finite values' : `The first bad value is in ${found.text}`;
  return new UserError(
    'TRAIN_DIVERGED',
    `The loss became NaN or infinite at step ${at.step + 1}, with learning rate ${at.learningRate}. ${where}.`,
    found?.node === null
      ? 'Check the data: a sample holds NaN or infinity.'
      : 'Try a learning rate 10 times smaller, a warm-up (schedule: { constant: { warmup: 1 } }), or data scaled to mean 0.',
    {
      class: 'stage',
      ...(found?.node ? { place: { kind: 'graph', node: found.node.name, opType: found.node.opType } } : {}),
    },
  );
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
  const bad = plan.layout.entries.filter(
    ({ offset, size }) => !parameters.subarray(offset, offset + size).every(Number.isFinite),
  );
  const b = builderFor(plan, 'search for a bad value');
  const network = appendNetwork(b, plan, {
    parameters: b.input(NAMES.parameters, 'float32', [plan.layout.size]),
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
    if (weight !== undefined) return { node, text: `"${weight.name}", a weight of ${node.name} (${node.opType})` };
    const index = watched.findIndex((watch) => watch.node === node);
    const values = index < 0 ? undefined : (results[outputs[index]!]!.data as Float32Array);
    if (values?.every(Number.isFinite) === false) return { node, text: `the output of ${node.name} (${node.opType})` };
  }
  return null;
}
