/** The ai.onnx version of models that Lathe builds itself. */
export const BUILD_OPSET = 18;

/** The IR version that came with a version of ai.onnx; 8, that of `BUILD_OPSET`, at least. */
export function irVersionOf(opset: number): number {
  if (opset <= 18) return BUILD_IR_VERSION;
  if (opset <= 20) return 9;
  return opset <= 22 ? 10 : 11;
}

/** The lowest IR version of models that Lathe builds or upgrades. */
export const BUILD_IR_VERSION = 8;
