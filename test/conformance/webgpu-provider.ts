/**
 * Trains on onnxruntime-node's WebGPU and compares with the CPU: npm run build && npx jiti test/conformance/webgpu-provider.ts
 *
 * Needs no GPU: without VK_ICD_FILENAMES it takes SwiftShader, which Debian's chromium brings, and which computes WebGPU on the
 * CPU. Two steps of each network, whose weights and validation must come out alike; then the convolution that onnxruntime is
 * known to miscompute, so that the way around it is not kept for longer than needed. Some two minutes on two cores.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Random } from '../../src/core/random.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatsOf } from '../../src/onnx/tensor.js';
import { floatFeed, requireProvider, Session } from '../../src/runtime/index.js';
import { train } from '../../src/train/index.js';
import { relativeError, trainingCases } from './webgpu-cases.js';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
/** Two steps of float32 in other orders of summation. */
const RTOL_STEPS = 1e-4;

if (process.env.VK_ICD_FILENAMES === undefined) {
  if (!existsSync(SWIFTSHADER)) {
    process.stderr.write(`LEFT OUT: there is no ${SWIFTSHADER}; set VK_ICD_FILENAMES to a Vulkan driver.\n`);
    process.exit(0);
  }
  // A driver is looked for by the names that the process started with.
  const argv = ['node_modules/jiti/lib/jiti-cli.mjs', 'test/conformance/webgpu-provider.ts'];
  const env = { ...process.env, VK_ICD_FILENAMES: SWIFTSHADER };
  process.exit(spawnSync(process.execPath, argv, { env, stdio: 'inherit' }).status ?? 1);
}

await requireProvider('webgpu');
const failures: string[] = [];
for (const { name, request } of await trainingCases()) {
  const [expected, actual] = [await train(request), await train({ ...request, provider: 'webgpu' })];
  const errors = expected.trained.map((tensor) => {
    const [ours, theirs] = [actual, expected].map(({ model }) => floatsOf(model.graph.initializers.get(tensor)!));
    const before = floatsOf(request.model.graph.initializers.get(tensor)!);
    // Biases before a batch normalization get gradients of rounding errors alone.
    const moved = Math.max(...theirs!.map((value, i) => Math.abs(value - before[i]!)));
    return moved < 1e-6 ? 0 : relativeError(ours!, theirs!);
  });
  const losses = [actual, expected].map(({ history }) => history.map(({ validationLoss }) => validationLoss!));
  const worst = Math.max(...errors);
  report(name, Math.max(worst, relativeError(losses[0]!, losses[1]!)), (error) => error <= RTOL_STEPS);
}
report('the convolution that is known to be wrong', await miscomputed(), (error) => error > 0.1);
if (failures.length > 0) {
  process.stderr.write(`Not as expected: ${failures.join(', ')}\n`);
  process.exit(1);
}

function report(name: string, error: number, isExpected: (error: number) => boolean): void {
  const isGood = isExpected(error);
  process.stdout.write(`${isGood ? '✓' : '✗'} ${name}: largest error ${error.toExponential(1)}\n`);
  if (!isGood) failures.push(name);
}

/** If this one day is small: src/runtime/webgpu/widen-convolution.ts has become needless. */
async function miscomputed(): Promise<number> {
  const b = new GraphBuilder();
  const random = new Random('convolution');
  const shapes = { x: [1, 6, 8, 8], w: [16, 6, 3, 3] };
  const [x, w] = Object.entries(shapes).map(([name, shape]) => b.input(name, 'float32', shape));
  b.output(b.op('Conv', [x!, w!]), 'y');
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      return [
        name,
        floatFeed(
          Float32Array.from({ length: size }, () => random.normal()),
          shape,
        ),
      ];
    }),
  );
  const [expected, actual] = await Promise.all(
    (['cpu', 'webgpu'] as const).map(async (provider) => {
      const session = await Session.create(b.build(), { provider });
      return (await session.run(feeds)).y!.data as Float32Array;
    }),
  );
  return relativeError(actual!, expected!);
}
