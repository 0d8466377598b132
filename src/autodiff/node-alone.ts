import { GraphBuilder, type Value } from '../onnx/builder.js';
import { type Node, nodeLabel } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { type Feed, floatFeed, Session } from '../runtime/session.js';
import { tensorOf } from '../runtime/tensor-feed.js';
import { gradientsOf } from './backward.js';
import type { RuleTable } from './table.js';

export interface NodeParts {
  readonly node: Node;
  readonly opsets: ReadonlyMap<string, number>;
  readonly rules: RuleTable;
  /** All that the node reads, by name. */
  readonly feeds: ReadonlyMap<string, Feed>;
  /** Names of what gradients go to. */
  readonly inputs: readonly string[];
  /** What gradients come from. */
  readonly outputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
}

/** One node of a model as a graph of its own, and its gradient as another one. */
export class NodeAlone {
  private constructor(
    readonly label: string,
    readonly outputs: NodeParts['outputs'],
    private readonly feeds: ReadonlyMap<string, Feed>,
    private readonly forward: Session,
    /** null where the rule gives no gradient at all. */
    private readonly backward: Session | null,
  ) {}

  /** Elements of all outputs together. */
  get outputCount(): number {
    return this.outputs.reduce((sum, { dims }) => sum + sizeOf(dims), 0);
  }

  /** Throws what `buildBackward` throws. */
  static async create(parts: NodeParts): Promise<NodeAlone> {
    const { node, inputs, outputs, feeds, rules } = parts;
    const b = declare(parts);
    for (const { name } of outputs) b.output(b.value(name));
    const forward = await Session.create(b.build(), { name: `the node ${nodeLabel(node)}` });
    const backward = await createBackward(declare(parts), { inputs, outputs, rules, node });
    return new NodeAlone(nodeLabel(node), outputs, feeds, forward, backward);
  }

  /** The outputs, one after the other, with the data of one input replaced. */
  async outputsWith(input: string, data: Float32Array): Promise<Float32Array> {
    const changed = floatFeed(data, this.feeds.get(input)!.dims);
    const results = await this.forward.run({ ...Object.fromEntries(this.feeds), [input]: changed });
    return joined(this.outputs.map(({ name }) => results[name]!.data as Float32Array));
  }

  /** The gradients of the inputs by name, for what arrives at the outputs, one after the other. What is not there is zero. */
  async gradients(arriving: Float32Array): Promise<ReadonlyMap<string, Float32Array>> {
    if (this.backward === null) return new Map();
    const feeds = Object.fromEntries(this.feeds);
    let start = 0;
    for (const { name, dims } of this.outputs) {
      const end = start + sizeOf(dims);
      feeds[SEED + name] = floatFeed(arriving.subarray(start, end), dims);
      start = end;
    }
    const results = await this.backward.run(feeds);
    return new Map(
      Object.entries(results).map(([name, { data }]) => [name.slice(GRADIENT.length), data as Float32Array]),
    );
  }

  async release(): Promise<void> {
    await this.forward.release();
    await this.backward?.release();
  }
}

/** Arrays one after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
}

const SEED = 'gradcheck:seed:';
const GRADIENT = 'gradcheck:gradient:';

async function createBackward(
  b: GraphBuilder,
  { inputs, outputs, rules, node }: Pick<NodeParts, 'inputs' | 'outputs' | 'rules' | 'node'>,
): Promise<Session | null> {
  const seeds = outputs.map(({ name, dims }): [string, Value] => [name, b.input(SEED + name, 'float32', dims)]);
  const wrt = inputs.map((name) => b.value(name));
  gradientsOf(b, new Map(seeds), wrt, { rules }).forEach((gradient, index) => {
    if (gradient !== null) b.output(gradient, GRADIENT + inputs[index]!);
  });
  if (b.graph.outputs.length === 0) return null;
  return Session.create(b.build(), { name: `the gradient of the node ${nodeLabel(node)}` });
}

function declare({ node, opsets, feeds, inputs }: NodeParts): GraphBuilder {
  const b = new GraphBuilder({ opset: opsets.get('')! });
  for (const [domain, version] of opsets) b.opsets.set(domain, version);
  for (const [name, feed] of feeds) {
    // The rest stays constant: rules read axes, pads and limits from constants.
    if (inputs.includes(name)) b.input(name, feed.dataType, feed.dims);
    else b.initializer(name, tensorOf(feed));
  }
  b.append({ ...node, inputs: [...node.inputs], outputs: [...node.outputs] });
  return b;
}
