import { statSync } from 'node:fs';
import { checkModel } from '../onnx/check.js';
import type { Model } from '../onnx/ir.js';
import { readOutline } from '../onnx/outline.js';
import { readModel } from '../onnx/read.js';
import { writtenBytes } from '../onnx/write.js';
import type { ModelPreview } from '../plugin/preview.js';

/** Models beyond this are not loaded with their weights in order to plan. */
const LOADED_BYTES = 64 * 2 ** 20;

/** The model in a file, with its weights unless it is large. Throws FILE_READ and ONNX_… for one that no stage could load. */
export async function filePreview(path: string): Promise<ModelPreview> {
  const outline = await outlineOf(path);
  if (writtenBytes(outline) > LOADED_BYTES) return { model: outline, hasWeights: false };
  const model = await readModel(path);
  checkModel(model);
  return { model, hasWeights: true };
}

/** The same of a result in the cache. Null if it cannot be read or is damaged: it is computed again when a stage needs it. */
export async function storedPreview(path: string): Promise<ModelPreview | null> {
  return filePreview(path).catch(() => null);
}

async function outlineOf(path: string): Promise<Model> {
  try {
    return readOutline(path);
  } catch (error) {
    // It says more of a file that is no model.
    if (statSync(path).size <= LOADED_BYTES) await readModel(path);
    throw error;
  }
}
