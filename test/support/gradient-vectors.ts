import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { buildBackward } from '../../src/autodiff/backward.js';
import { type AttributeInput, GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { floatTensor, int64Tensor } from '../../src/onnx/tensor.js';
import { type Feed, floatFeed, Session } from '../../src/runtime/session.js';

/** About 84 float32 epsilons, relative to the largest element of the tensor. */
const RTOL_FLOAT32 = 1e-5;

/** One operator, its inputs, and what PyTorch's autograd gives in float64. Written by fixtures/generate/gradients.py. */
interface Vector {
  readonly op: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, AttributeInput>>;
  readonly inputs: readonly (
    | FloatInput
    | { readonly ints: readonly number[]; readonly dims: readonly number[] }
    | null
  )[];
  readonly outputs: number;
  /** Of the first output. */
  readonly y: readonly number[];
  readonly dY: readonly number[];
  /** By input; null where nothing is compared. */
  readonly gradients: readonly (readonly number[] | null)[];
  readonly tolerance?: number;
}

interface FloatInput {
  readonly floats: readonly number[];
  readonly dims: readonly number[];
  /** An initializer rather than an input. */
  readonly constant?: boolean;
}

const file = JSON.parse(readFileSync(new URL('../fixtures/gradients.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Vector[];
};

export function vectorsOf(opType: string): { readonly name: string; compare(): Promise<void> }[] {
  return file.cases
    .filter((vector) => vector.op === opType)
    .map((vector) => ({ name: vector.name, compare: () => compareVector(vector) }));
}

export function operatorsWithVectors(): ReadonlySet<string> {
  return new Set(file.cases.map((vector) => vector.op));
}

async function compareVector(vector: Vector): Promise<void> {
  const b = new GraphBuilder();
  const feeds: Record<string, Feed> = {};
  const operands = vector.inputs.map((input, index) => {
    if (input === null) return null;
    if ('ints' in input) return b.constant(int64Tensor(input.ints, input.dims));
    if (input.constant === true) return b.constant(floatTensor(input.floats, input.dims));
    feeds[`x${index}`] = floatFeed(Float32Array.from(input.floats), input.dims);
    return b.input(`x${index}`, 'float32', input.dims);
  });
  const outputs = b.ops(vector.op, operands, vector.outputs, vector.attributes);
  const y = b.output(outputs[0]!);
  const seed = b.input('seed', 'float32', y.shape!);
  feeds.seed = floatFeed(Float32Array.from(vector.dY), y.shape as number[]);
  const compared = vector.gradients.flatMap((gradient, index) => (gradient === null ? [] : [index]));
  const wrt = compared.map((index) => operands[index] as Value);
  const names = buildBackward(b, y, wrt, { seed }).map((gradient, position) => {
    if (gradient === null) throw new Error(`no gradient for input ${compared[position]}`);
    return b.output(b.op('Identity', [gradient])).name;
  });
  const session = await Session.create(b.build());
  const results = await session.run(feeds);
  await session.release();
  const tolerance = vector.tolerance ?? RTOL_FLOAT32;
  expectClose(results[y.name]!.data as Float32Array, vector.y, tolerance, 'Y');
  names.forEach((name, position) => {
    const index = compared[position]!;
    expectClose(results[name]!.data as Float32Array, vector.gradients[index]!, tolerance, `gradient of input ${index}`);
  });
}

/** Fails with the index, both values and the largest error, relative to the largest expected value. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  label: string,
): void {
  expect(actual.length, `${label}: number of elements`).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  let worst = 0;
  let at = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / (largest || 1);
    if (!(error <= worst)) {
      worst = error;
      at = i;
    }
  }
  expect(worst, `${label}[${at}]: ${actual[at]}, expected ${expected[at]}`).toBeLessThanOrEqual(tolerance);
}
