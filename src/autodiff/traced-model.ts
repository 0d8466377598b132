import type { Random } from '../core/random.js';
import { GraphBuilder, type Value } from '../onnx/builder.js';
import type { Model, Node, Tensor } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { type Feed, Session } from '../runtime/session.js';
import { feedOf } from '../runtime/tensor-feed.js';
import { nodesBetween } from './check.js';
import { appendForward } from './forward.js';
import { signedNumbers } from './signed.js';

import type { RuleTable } from './table.js';

/** A model of static shapes together with every value that it computes for certain inputs. */
export interface TracedModel {
  readonly b: GraphBuilder;
  /** What gets a gradient at last. */
  readonly targets: readonly Value[];
  /** The nodes that gradients flow through, in graph order. */
  readonly nodes: readonly Node[];
  /** Names of the values that gradients flow through. */
  readonly between: ReadonlySet<string>;
  /** All that those nodes read and make, and what the graph is fed. */
  readonly values: ReadonlyMap<string, Feed>;
  /** The gradient that arrives at each output, by name: random numbers. */
  readonly seeds: ReadonlyMap<string, Float32Array>;
}

export interface TraceOptions {
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Names of initializers, or of inputs, that gradients go to. */
  readonly targets: readonly string[];
  readonly training: boolean;
  readonly rules: RuleTable;
  readonly random: Random;
}

/** Computes a model once. Throws what `appendForward` throws. */
export async function traceModel(model: Model, options: TraceOptions): Promise<TracedModel> {
  const { targets, training, rules, random } = options;
  const { initializers } = model.graph;
  const b = new GraphBuilder({ opset: model.opsets.get('')! });
  const values = new Map<string, Feed>();
  const input = (name: string, tensor: Tensor): [string, Value] => {
    values.set(name, feedOf(tensor));
    return [name, b.input(name, tensor.dataType, tensor.dims)];
  };
  const { outputs, masks } = appendForward(b, model, {
    inputs: Object.fromEntries(Object.entries(options.inputs).map(([name, tensor]) => input(name, tensor))),
    bindings: new Map(
      targets.filter((name) => initializers.has(name)).map((name) => input(name, initializers.get(name)!)),
    ),
    training,
  });
  for (const { input: name, shape, ratio } of masks) {
    const draw = random.derive(name);
    const data = Uint8Array.from({ length: sizeOf(shape) }, () => (draw.uniform() < ratio ? 0 : 1));
    values.set(name, { dataType: 'uint8', dims: shape, data });
  }
  const ends = new Set(Object.values(outputs));
  for (const end of ends) b.output(end);
  const { nodes, values: between } = nodesBetween(b.build(), new Set(targets), rules);
  const read = new Set(nodes.flatMap((node) => [...node.inputs, ...node.outputs.filter((name) => between.has(name))]));
  for (const end of ends) if (between.has(end.name)) read.add(end.name);
  for (const [name, feed] of await compute(b, read, values)) values.set(name, feed);
  const seeds = new Map<string, Float32Array>();
  for (const { name } of ends) {
    const count = sizeOf(values.get(name)?.dims ?? []);
    if (between.has(name)) seeds.set(name, signedNumbers(count, random.derive(`seed/${name}`)));
  }
  return { b, targets: targets.map((name) => b.value(name)), nodes, between, values, seeds };
}

/** The values of these names, constants included. */
async function compute(
  b: GraphBuilder,
  names: ReadonlySet<string>,
  feeds: ReadonlyMap<string, Feed>,
): Promise<Map<string, Feed>> {
  const model = b.build();
  const { initializers } = model.graph;
  const constants = [...names].filter((name) => initializers.has(name));
  const made = new Set(model.graph.nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== '')));
  const outputs = [...names].filter((name) => made.has(name)).map((name) => ({ ...b.value(name) }));
  const known = new Map(constants.map((name) => [name, feedOf(initializers.get(name)!)] as const));
  if (outputs.length === 0) return known;
  // Without optimizations, so that the gradients of the whole model start from the same bits.
  const options = { name: 'the model', optimization: 'disabled' } as const;
  const session = await Session.create({ ...model, graph: { ...model.graph, outputs } }, options);
  try {
    return new Map([...known, ...Object.entries(await session.run(Object.fromEntries(feeds)))]);
  } finally {
    await session.release();
  }
}
