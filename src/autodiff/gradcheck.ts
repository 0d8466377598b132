import { GraphBuilder, type Value } from '../onnx/builder.js';
import { sizeOf } from '../onnx/tensor.js';
import { type Feed, floatFeed, Session } from '../runtime/session.js';
import { buildBackward } from './backward.js';
import { dimsOf } from './emit.js';
import { BUILT_IN_RULES, type RuleTable } from './table.js';

export interface CheckedFunction {
  /** Float32 inputs of the function, all of them differentiated. */
  readonly inputs: Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>;
  /** Version of ai.onnx of the graph that is built. Default: what Lathe builds with. */
  readonly opset?: number;
  /** Appends the function to the builder; the result may have any shape. */
  build(b: GraphBuilder, inputs: Readonly<Record<string, Value>>): Value;
}

export interface CheckOptions {
  readonly rules?: RuleTable;
  /** Half the distance of a central difference, for inputs of magnitude 1. Default 2⁻⁶. */
  readonly step?: number;
  /** Elements tried per input, spread evenly. Default 64. */
  readonly elements?: number;
}

export interface InputCheck {
  readonly input: string;
  /** Largest |backward − difference|, relative to the largest difference of this input (absolute where all are 0). */
  readonly error: number;
  /** Where it is, flat, and both values there. */
  readonly index: number;
  readonly backward: number;
  readonly difference: number;
}

/**
 * Compares what `buildBackward` gives with central differences of the same function, both on onnxruntime in float32.
 * The result is weighted by fixed pseudo-random numbers, so that every element of it counts differently. Differences
 * are summed in float64 and extrapolated from two step widths (Richardson), which leaves an error of about 1e-4.
 * The function must be smooth within the step: keep inputs away from kinks and ties.
 */
export async function checkGradients(fn: CheckedFunction, options: CheckOptions = {}): Promise<InputCheck[]> {
  const { step = 2 ** -6, elements = 64, rules = BUILT_IN_RULES } = options;
  const names = Object.keys(fn.inputs);
  const feeds: Record<string, Feed> = {};
  for (const name of names) feeds[name] = floatFeed(fn.inputs[name]!.data.slice(), fn.inputs[name]!.dims);

  const forward = declare(fn);
  const shape = dimsOf(forward.result);
  const weights = weightsFor(sizeOf(shape));
  forward.b.output(forward.result, 'result');
  const backward = declare(fn);
  const seed = backward.b.input('seed', 'float32', shape);
  const gradients = buildBackward(backward.b, backward.result, backward.inputs, { seed, rules });
  gradients.forEach((gradient, index) => {
    if (gradient !== null) backward.b.output(gradient, `gradient:${names[index]}`);
  });

  const forwardSession = await Session.create(forward.b.build(), { name: 'the function' });
  try {
    const outcome = await runBackward(backward.b, { ...feeds, seed: floatFeed(weights, shape) });
    const evaluate = async () => (await forwardSession.run(feeds)).result!.data as Float32Array;
    const checks: InputCheck[] = [];
    for (const name of names) {
      const data = feeds[name]!.data as Float32Array;
      const gradient = outcome[`gradient:${name}`]?.data as Float32Array | undefined;
      const slope = async (index: number) => richardson({ data, index, step, weights, evaluate });
      checks.push(await compare(name, { gradient, count: data.length, elements, slope }));
    }
    return checks;
  } finally {
    await forwardSession.release();
  }
}

/** The gradients that are not zero everywhere; onnxruntime would refuse a graph without outputs. */
async function runBackward(b: GraphBuilder, feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Feed>> {
  if (b.graph.outputs.length === 0) return {};
  const session = await Session.create(b.build(), { name: 'the gradient' });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

function declare(fn: CheckedFunction) {
  const b = new GraphBuilder(fn.opset === undefined ? {} : { opset: fn.opset });
  const inputs = Object.entries(fn.inputs).map(([name, { dims }]) => b.input(name, 'float32', dims));
  const result = fn.build(b, Object.fromEntries(inputs.map((value) => [value.name, value])));
  return { b, inputs, result };
}

/** Fixed weights between 0.5 and 1.5, of both signs. */
function weightsFor(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    const fraction = (index * 0.6180339887498949) % 1;
    return (index % 2 === 0 ? 1 : -1) * (0.5 + fraction);
  });
}

interface Difference {
  readonly data: Float32Array;
  readonly index: number;
  readonly step: number;
  readonly weights: Float32Array;
  evaluate(): Promise<Float32Array>;
}

/** (4 · D(h/2) − D(h)) / 3: the error of central differences falls from h² to h⁴. */
async function richardson(problem: Difference): Promise<number> {
  const wide = await central(problem, problem.step);
  const narrow = await central(problem, problem.step / 2);
  return (4 * narrow - wide) / 3;
}

async function central({ data, index, weights, evaluate }: Difference, step: number): Promise<number> {
  const middle = data[index]!;
  data[index] = middle + step;
  const [above, right] = [data[index]!, await evaluate()];
  data[index] = middle - step;
  const [below, left] = [data[index]!, await evaluate()];
  data[index] = middle;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * (right[i]! - left[i]!);
  return sum / (above - below);
}

interface Comparison {
  readonly gradient: Float32Array | undefined;
  readonly count: number;
  readonly elements: number;
  slope(index: number): Promise<number>;
}

async function compare(input: string, { gradient, count, elements, slope }: Comparison): Promise<InputCheck> {
  const tried = Math.min(count, elements);
  const indices = Array.from({ length: tried }, (_, i) => Math.floor((i * count) / tried));
  const differences: number[] = [];
  for (const index of indices) differences.push(await slope(index));
  const largest = Math.max(...differences.map(Math.abs), 0);
  let worst: InputCheck = { input, error: 0, index: 0, backward: gradient?.[0] ?? 0, difference: differences[0] ?? 0 };
  indices.forEach((index, i) => {
    const backward = gradient?.[index] ?? 0;
    const difference = differences[i]!;
    const error = Math.abs(backward - difference) / (largest > 0 ? largest : 1);
    if (!(error <= worst.error)) worst = { input, error, index, backward, difference };
  });
  return worst;
}
