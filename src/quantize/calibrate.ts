import { UserError } from '../core/errors.js';
import { indexGraph } from '../onnx/graph-index.js';
import { cloneModel, type Model } from '../onnx/ir.js';
import type { Provider } from '../runtime/provider.js';
import { type Feed, Session } from '../runtime/session.js';
import { forWebgpu } from '../runtime/webgpu/for-webgpu.js';
import type { Range } from './affine.js';

/**
 * The smallest and largest value that each tensor takes over all batches.
 * The model runs as it is, without onnxruntime's optimizations, and reduces the tensors inside the graph: memory does not grow
 * with the number of batches, and only three numbers a tensor come out.
 * @param tensors names of float32 values of the graph; graph inputs are allowed
 * @param batches feeds of all graph inputs
 * @param provider what computes
 * Throws QUANTIZE_CALIBRATION if there is no batch, or a tensor takes values that are not finite.
 */
export async function calibrate(
  model: Model,
  tensors: readonly string[],
  batches: AsyncIterable<Readonly<Record<string, Feed>>>,
  provider: Provider = 'cpu',
): Promise<Map<string, Range>> {
  const { observed, outputs } = observe(model, tensors);
  const session = await Session.create(provider === 'webgpu' ? forWebgpu(observed) : observed, {
    optimization: 'disabled',
    name: 'the model under calibration',
    provider,
  });
  const ranges = new Map<string, { min: number; max: number }>();
  try {
    for await (const feeds of batches) {
      const values = await session.run(feeds, [...outputs.keys()]);
      for (const [output, { tensor, end }] of outputs) {
        const value = Number(values[output]!.data[0]);
        if (Number.isNaN(value) || (end !== 'sum' && !Number.isFinite(value))) throw notFinite(tensor, value);
        if (end === 'sum') continue;
        let range = ranges.get(tensor);
        if (range === undefined) {
          range = { min: value, max: value };
          ranges.set(tensor, range);
        }
        range[end] = end === 'min' ? Math.min(range.min, value) : Math.max(range.max, value);
      }
    }
  } finally {
    await session.release();
  }
  if (ranges.size < tensors.length) {
    throw new UserError('QUANTIZE_CALIBRATION', 'There are no samples to calibrate with.', 'Choose another split.');
  }
  return ranges;
}

interface Observation {
  readonly tensor: string;
  readonly end: keyof typeof REDUCTIONS;
}

/** onnxruntime's minimum and maximum overlook NaN; the sum tells. */
const REDUCTIONS = { min: 'ReduceMin', max: 'ReduceMax', sum: 'ReduceSum' } as const;

/** The model with minimum, maximum and sum of every tensor as its outputs. */
function observe(model: Model, tensors: readonly string[]): { observed: Model; outputs: Map<string, Observation> } {
  const observed = cloneModel(model);
  const index = indexGraph(observed);
  const outputs = new Map<string, Observation>();
  observed.graph.outputs = [];
  for (const tensor of tensors) {
    for (const end of ['min', 'max', 'sum'] as const) {
      const name = index.unique(`${tensor}.${end}`);
      outputs.set(name, { tensor, end });
      observed.graph.nodes.push({
        name: index.unique(`${name}.reduce`),
        opType: REDUCTIONS[end],
        domain: '',
        inputs: [tensor],
        outputs: [name],
        attributes: new Map([['keepdims', { type: 'int', value: 0 }]]),
      });
      observed.graph.outputs.push({ name, dataType: 'float32', shape: [] });
    }
  }
  return { observed, outputs };
}

function notFinite(tensor: string, value: number): UserError {
  return new UserError(
    'QUANTIZE_CALIBRATION',
    `During calibration the tensor "${tensor}" takes the value ${value}.`,
    'No range can cover that: check the model and the normalization of the data set.',
  );
}
