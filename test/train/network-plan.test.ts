import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { intAttribute } from '../../src/onnx/ir.js';
import { readModel } from '../../src/onnx/read.js';
import { buildTraining } from '../../src/train/build.js';
import { crossEntropy } from '../../src/train/losses/cross-entropy.js';
import { sgd } from '../../src/train/optimizers/sgd.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { networkFor, pointsDataset } from './rig.js';

describe('the graph of a training step', () => {
  it('makes onnxruntime compute the gradient of a weight before it goes on to the layer below', async () => {
    const data = pointsDataset(8);
    const setup = buildTraining(
      {
        model: await networkFor(data, [{ linear: 5 }, 'relu', { linear: 4 }, 'relu', { linear: 3 }]),
        data,
        loss: crossEntropy(),
        optimizer: sgd({ lr: 0.1, momentum: 0, nesterov: false, weightDecay: 0 }),
        length: { steps: 1 },
        batch: 8,
        random: new Random('order'),
        // Watched, so that the graph is that of one step.
        onStep: () => {},
      },
      null,
      null,
    );
    if (setup.program.graphs.kind !== 'fused') throw new Error('a small network has one graph');
    const file = join(temporaryFolder(), 'optimized.onnx');
    // What onnxruntime saves stands in the order in which it computes.
    const session = await InferenceSession.create(setup.program.graphs.step, {
      optimizedModelFilePath: file,
      logSeverityLevel: 3,
    });
    await session.release();
    const { graph } = await readModel(file);
    const products = graph.nodes.filter(({ opType }) => opType.endsWith('Gemm'));
    const backwards = products.slice(3).map((node) => (intAttribute(node, 'transA', 0) === 1 ? 'weight' : 'input'));
    expect(backwards).toEqual(['weight', 'input', 'weight', 'input', 'weight']);
  });
});
