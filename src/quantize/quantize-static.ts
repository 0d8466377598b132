import { UserError } from '../core/errors.js';
import { foldBatchNormalization } from '../onnx/fold-batch-normalization.js';
import { indexGraph } from '../onnx/graph-index.js';
import { inferShapes } from '../onnx/infer.js';
import type { Model, Node } from '../onnx/ir.js';
import { upgradeOpset } from '../onnx/upgrade.js';
import type { Provider } from '../runtime/provider.js';
import type { Feed } from '../runtime/session.js';
import type { Range } from './affine.js';
import { calibrate } from './calibrate.js';
import { planQdq } from './qdq-plan.js';
import { rewriteQdq } from './qdq-rewrite.js';
import { QDQ_OPSET } from './quantize-weights.js';
import type { QuantizationReport } from './report.js';

export interface StaticQuantization {
  /** Nodes that stay float although they could be integer; asked for every node. */
  isSelected(node: Node): boolean;
  /** A weight scale for every output channel (the default), or one for the tensor. */
  readonly granularity?: 'channel' | 'tensor';
  /** Feeds of all graph inputs, from which the ranges of the activations are taken. */
  readonly calibration: AsyncIterable<Readonly<Record<string, Feed>>>;
  /** What computes the calibration. Default 'cpu'. */
  readonly provider?: Provider;
}

/**
 * Integer arithmetic with fixed ranges: activations uint8, weights int8 with a scale per output channel, biases int32, in QDQ
 * form. Batch normalization is folded into the weights first. Weights that are 0 stay exactly 0.
 * Throws QUANTIZE_NOTHING if no node can be quantized, and what `calibrate` throws.
 */
export async function quantizeStatic(
  model: Model,
  { isSelected, calibration, provider = 'cpu', granularity = 'channel' }: StaticQuantization,
): Promise<QuantizedModel> {
  const form = planStatic(model, isSelected);
  return rewritten(form, granularity, await calibrate(form.folded, form.sources, calibration, provider));
}

/**
 * The same with made-up ranges: the nodes, names, shapes and types of what `quantizeStatic` gives back, without running
 * anything. Throws QUANTIZE_NOTHING.
 */
export function previewStatic(
  model: Model,
  { isSelected, granularity = 'channel' }: Omit<StaticQuantization, 'calibration' | 'provider'>,
): QuantizedModel {
  const form = planStatic(model, isSelected);
  return rewritten(form, granularity, new Map(form.sources.map((name) => [name, { min: -1, max: 1 }])));
}

interface QuantizedModel {
  readonly model: Model;
  readonly report: QuantizationReport;
}

type StaticForm = ReturnType<typeof planStatic>;

/** What becomes integer, and the tensors whose ranges that takes. */
function planStatic(model: Model, isSelected: StaticQuantization['isSelected']) {
  const folded = foldBatchNormalization(upgradeOpset(model, QDQ_OPSET));
  const index = indexGraph(folded);
  const plan = planQdq({ model: folded, index, types: inferShapes(folded), isSelected });
  if (plan.nodes.size === 0) {
    const reasons = plan.float.map(({ name, reason }) => `${name}: ${reason}`);
    throw new UserError(
      'QUANTIZE_NOTHING',
      `No node of the model can be quantized. ${reasons.slice(0, 5).join('; ')}`.trim(),
      'Static quantization needs a Conv, ConvTranspose, Gemm or MatMul that select does not exclude.',
    );
  }
  return { folded, index, plan, sources: [...new Set(plan.activations.values())] };
}

function rewritten(
  { folded, index, plan }: StaticForm,
  granularity: 'channel' | 'tensor',
  ranges: ReadonlyMap<string, Range>,
): QuantizedModel {
  const { model: result, quantized } = rewriteQdq(folded, { index, plan, ranges, granularity });
  return { model: result, report: { quantized, float: plan.float } };
}
