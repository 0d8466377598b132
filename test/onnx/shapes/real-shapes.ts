import { expect } from 'vitest';
import { GraphBuilder, type Value } from '../../../src/onnx/builder.js';
import type { DataType } from '../../../src/onnx/ir.js';
import { sizeOf } from '../../../src/onnx/tensor.js';
import { type Feed, Session, type TypedArray } from '../../../src/runtime/session.js';

export interface InputSpec {
  readonly dims: readonly number[];
  readonly dataType?: DataType;
  /** Default: 1, 2, 3 … */
  readonly fill?: (index: number) => number;
}

export type BuildCase = (b: GraphBuilder, inputs: readonly Value[]) => readonly Value[];

const ARRAYS: Partial<Record<DataType, { from(values: ArrayLike<number>): TypedArray }>> = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  bool: Uint8Array,
};

/**
 * Runs a graph and expects every value that the case returns to have the type and the shape that the builder inferred,
 * all sizes known. onnxruntime is the independent source here.
 */
export async function expectRealShapes(
  specs: readonly InputSpec[],
  build: BuildCase,
  options: { opset?: number } = {},
): Promise<void> {
  const b = new GraphBuilder(options);
  const inputs = specs.map(({ dims, dataType = 'float32' }, i) => b.input(`x${i}`, dataType, dims));
  const results = build(b, inputs);
  const inferred = results.map(({ dataType, shape }) => ({ dataType, shape }));
  for (const value of results) b.graph.outputs.push({ name: value.name, dataType: value.dataType, shape: null });
  const session = await Session.create(b.build(), { optimization: 'disabled' });
  try {
    const feeds = Object.fromEntries(specs.map((spec, i) => [`x${i}`, feedOf(spec)]));
    const outputs = await session.run(feeds);
    const real = results.map(({ name }) => ({ dataType: outputs[name]!.dataType, shape: [...outputs[name]!.dims] }));
    expect(inferred).toEqual(real);
  } finally {
    await session.release();
  }
}

function feedOf({ dims, dataType = 'float32', fill = (index) => index + 1 }: InputSpec): Feed {
  const values = Array.from({ length: sizeOf(dims) }, (_, i) => fill(i));
  const data = dataType === 'int64' ? BigInt64Array.from(values, BigInt) : ARRAYS[dataType]!.from(values);
  return { dataType, dims, data };
}
