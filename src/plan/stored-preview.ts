import { checkModel } from '../onnx/check.js';
import { readOutline } from '../onnx/outline.js';
import { readModel } from '../onnx/read.js';
import { writtenBytes } from '../onnx/write.js';
import type { ModelPreview } from '../plugin/preview.js';

/** Models beyond this are not loaded with their weights in order to plan. */
const LOADED_BYTES = 64 * 2 ** 20;

/**
 * The model in a file that is there already, with its weights unless it is large. Null if it cannot be read or is damaged:
 * whoever needs it will say so.
 */
export async function storedPreview(path: string): Promise<ModelPreview | null> {
  try {
    const outline = readOutline(path);
    if (writtenBytes(outline) > LOADED_BYTES) return { model: outline, hasWeights: false };
    const model = await readModel(path);
    checkModel(model);
    return { model, hasWeights: true };
  } catch {
    return null;
  }
}
