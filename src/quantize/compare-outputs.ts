import type { Model } from '../onnx/ir.js';
import { type Feed, Session } from '../runtime/session.js';

/**
 * The largest absolute difference between the first outputs of two models that take the same feeds, over the first batch.
 * Throws RUNTIME_LOAD if onnxruntime refuses a model.
 */
export async function compareOutputs(
  reference: Model,
  other: Model,
  batches: AsyncIterable<Readonly<Record<string, Feed>>>,
): Promise<number> {
  for await (const feeds of batches) {
    const expected = await firstOutput(reference, feeds, 'the float model');
    const actual = await firstOutput(other, feeds, 'the quantized model');
    return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - actual[i]!)), 0);
  }
  throw new Error('internal: no batch to compare on');
}

async function firstOutput(model: Model, feeds: Readonly<Record<string, Feed>>, name: string): Promise<Float32Array> {
  const session = await Session.create(model, { name });
  try {
    const output = session.outputNames[0]!;
    const results = await session.run(feeds, [output]);
    return Float32Array.from(results[output]!.data as Float32Array);
  } finally {
    await session.release();
  }
}
