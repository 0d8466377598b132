import { Random } from '../../src/core/random.js';
import type { GraphBuilder } from '../../src/onnx/builder.js';
import { sizeOf } from '../../src/onnx/tensor.js';
import { type Feed, floatFeed, Session } from '../../src/runtime/session.js';

/** What a graph of float32 inputs gives for random numbers, the same at every call. @param options.size of the numbers */
export async function runOnNoise(
  b: GraphBuilder,
  { threads = 1, size = 1 }: { readonly threads?: number; readonly size?: number } = {},
): Promise<Record<string, Feed>> {
  const random = new Random('noise');
  const feeds: Record<string, Feed> = {};
  for (const { name, shape } of b.graph.inputs) {
    const dims = shape as number[];
    feeds[name] = floatFeed(
      Float32Array.from({ length: sizeOf(dims) }, () => size * random.normal()),
      dims,
    );
  }
  const session = await Session.create(b.build(), { threads });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}
