import { GraphBuilder } from '../onnx/builder.js';
import { floatFeed, Session } from '../runtime/session.js';

/**
 * How many channels onnxruntime's blocked convolution kernels take at once on this CPU (16 with AVX-512, 8 with AVX2),
 * or null where it has no such kernels. Part of what decides the bits of a result: record it.
 */
export async function probeChannelBlock(): Promise<number | null> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [1, 4, 2, 2]);
  b.output(b.op('ReorderInput', [x], {}, { domain: 'com.microsoft.nchwc' }), 'y');
  const session = await Session.create(b.build(), { name: 'the probe' }).catch(() => null);
  if (session === null) return null;
  try {
    const { y } = await session.run({ x: floatFeed(new Float32Array(16), [1, 4, 2, 2]) });
    const block = y!.dims[1]!;
    return block > 1 ? block : null;
  } catch {
    // A build without the kernels loads the node and fails to run it.
    return null;
  } finally {
    await session.release();
  }
}
