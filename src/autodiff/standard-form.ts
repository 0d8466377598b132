import type { Model } from '../onnx/ir.js';
import { upgradeOpset } from '../onnx/upgrade.js';
import { writtenOut } from '../onnx/written-out/index.js';

/** A model in the form that gradients are defined for: in a recent opset, with the operators of onnxruntime's own written out. */
export function standardForm(model: Model): Model {
  return writtenOut(upgradeOpset(model));
}
