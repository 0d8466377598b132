import { inferShapes } from '../onnx/infer.js';
import { cloneModel, type Model } from '../onnx/ir.js';
import { int64Tensor, intsOf } from '../onnx/tensor.js';

/**
 * The model with a symbolic batch dimension "batch" in its inputs and inferred shapes in its outputs. Exporters often fix
 * the batch at 1 and write it into Reshape as well: a first dimension equal to it is left for ONNX to work out.
 */
export function withSymbolicBatch(model: Model): Model {
  const result = cloneModel(model);
  const { graph } = result;
  const fixed = new Set<number>();
  for (const input of graph.inputs) {
    const [batch, ...rest] = input.shape ?? [];
    if (typeof batch === 'number') fixed.add(batch);
    if (input.shape !== null && input.shape.length > 0) input.shape = ['batch', ...rest];
  }
  for (const node of graph.nodes) {
    const shapeName = node.opType === 'Reshape' && node.domain === '' ? node.inputs[1] : undefined;
    const shape = shapeName === undefined ? undefined : graph.initializers.get(shapeName);
    // Of another type the model is not valid, which whoever runs it tells.
    if (shape?.dataType !== 'int64') continue;
    const [batch, ...rest] = intsOf(shape);
    if (batch === undefined || rest.length === 0 || !fixed.has(batch)) continue;
    // 0 copies the dimension of the input; only where -1 is taken already.
    const free = rest.includes(-1) ? 0 : -1;
    const name = `${shapeName}.${node.name || node.outputs[0]}`;
    graph.initializers.set(name, int64Tensor([free, ...rest]));
    node.inputs = [node.inputs[0]!, name];
  }
  // Declared shapes hold the old batch.
  graph.valueInfo.clear();
  for (const output of graph.outputs) output.shape = null;
  const types = inferShapes(result);
  for (const output of graph.outputs) output.shape = types.get(output.name)?.shape ?? null;
  return result;
}
