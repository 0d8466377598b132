import { describe, expect, it } from 'vitest';
import { checkGradients } from '../../src/autodiff/gradcheck.js';
import { Random } from '../../src/core/random.js';
import type { AttributeInput, GraphBuilder, Value } from '../../src/onnx/builder.js';
import type { Tensor } from '../../src/onnx/ir.js';
import { floatTensor, int64Tensor, sizeOf } from '../../src/onnx/tensor.js';
import { vectorsOf } from './gradient-vectors.js';

/** Central differences in float32 with two step widths are right to about 1e-4; the rest is room for steep functions. */
const TOLERANCE = 1e-3;

/** An input that is differentiated, a constant, or an omitted optional input. */
export type CaseInput =
  | { readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly constant: Tensor }
  | null;

export interface GradientCase {
  readonly inputs: readonly CaseInput[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  /** How many outputs the operator has; all of them count. Default 1. */
  readonly outputs?: number;
  /** More than one operator, where that is the point of the case. */
  build?(b: GraphBuilder, values: readonly (Value | null)[]): Value;
  readonly domain?: string;
  readonly tolerance?: number;
  readonly step?: number;
}

/** Registers tests: each case against central differences, and every PyTorch vector of the operator. */
export function describeGradient(opType: string, cases: Readonly<Record<string, GradientCase>>): void {
  describe(`the gradient of ${opType}`, () => {
    for (const [name, gradientCase] of Object.entries(cases)) {
      it(`agrees with central differences for ${name}`, async () => {
        await expectGradients(opType, gradientCase);
      });
    }
    for (const { name, compare } of vectorsOf(opType)) it(`agrees with PyTorch for ${name}`, compare);
  });
}

async function expectGradients(opType: string, gradientCase: GradientCase): Promise<void> {
  const inputs: Record<string, { dims: readonly number[]; data: Float32Array }> = {};
  gradientCase.inputs.forEach((input, index) => {
    if (input !== null && 'data' in input) inputs[`x${index}`] = input;
  });
  const checks = await checkGradients(
    { inputs, build: (b, values) => buildCase(b, opType, gradientCase, values) },
    gradientCase.step === undefined ? {} : { step: gradientCase.step },
  );
  for (const check of checks) {
    const { error, index, backward, difference } = check;
    const text = `input ${check.input} [${index}]: backward ${backward}, central difference ${difference}, error ${error}`;
    expect(error, text).toBeLessThanOrEqual(gradientCase.tolerance ?? TOLERANCE);
  }
}

function buildCase(
  b: GraphBuilder,
  opType: string,
  gradientCase: GradientCase,
  values: Readonly<Record<string, Value>>,
): Value {
  const operands = gradientCase.inputs.map((input, index) => {
    if (input === null) return null;
    return 'data' in input ? values[`x${index}`]! : b.constant(input.constant);
  });
  if (gradientCase.build !== undefined) return gradientCase.build(b, operands);
  const options = gradientCase.domain === undefined ? {} : { domain: gradientCase.domain };
  const results = b.ops(opType, operands, gradientCase.outputs ?? 1, gradientCase.attributes ?? {}, options);
  if (results.length === 1) return results[0]!;
  return b.op(
    'Concat',
    results.map((result) => b.op('Reshape', [result, b.ints([-1])])),
    { axis: 0 },
  );
}

/** Normally distributed. */
export function normal(...dims: number[]): CaseInput {
  const random = new Random(`gradcheck/${dims.join('x')}`);
  return { dims, data: Float32Array.from({ length: sizeOf(dims) }, () => random.normal()) };
}

/** Of both signs, between 0.2 and 2 in magnitude: away from a kink at 0. */
export function awayFromZero(...dims: number[]): CaseInput {
  const random = new Random(`away/${dims.join('x')}`);
  const draw = () => (random.int(2) === 0 ? 1 : -1) * (0.2 + 1.8 * random.uniform());
  return { dims, data: Float32Array.from({ length: sizeOf(dims) }, draw) };
}

/** Between 0.5 and 2. */
export function positive(...dims: number[]): CaseInput {
  const random = new Random(`positive/${dims.join('x')}`);
  return { dims, data: Float32Array.from({ length: sizeOf(dims) }, () => 0.5 + 1.5 * random.uniform()) };
}

/** All different by 0.1 at least and none near 0: no ties for maxima. */
export function distinct(...dims: number[]): CaseInput {
  const size = sizeOf(dims);
  const order = new Random(`distinct/${dims.join('x')}`).permutation(size);
  return { dims, data: Float32Array.from(order, (rank) => (rank - size / 2 + 0.5) / 10) };
}

export function given(values: readonly number[], ...dims: number[]): CaseInput {
  return { dims, data: Float32Array.from(values) };
}

/** A constant int64 vector: axes, shapes, starts. */
export function ints(...values: number[]): CaseInput {
  return { constant: int64Tensor(values) };
}

export function constant(tensor: Tensor): CaseInput {
  return { constant: tensor };
}

export function floats(values: readonly number[], ...dims: number[]): CaseInput {
  return { constant: floatTensor(values, dims) };
}
