import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionRecord } from '../../../src/artifacts/action-record.js';
import type { Store } from '../../../src/artifacts/store.js';
import { digestOf } from '../../../src/core/hash.js';

export const KEY_RECORD = { plugin: { name: 'toy' }, options: { keep: 0.1 } };
/** As plans make keys. */
export const KEY = digestOf(KEY_RECORD);
export const EXPECTED = { outputs: ['model', 'student'], metrics: ['accuracy', 'confusion'] };

/** One model in a file, one with external data; both slots name theirs alike. */
export const FILES = {
  model: { 'model.onnx': 'the bytes of a model' },
  student: { 'model.onnx': 'a graph', 'model.onnx.data': 'its weights' },
};

/** A result as a stage leaves it: two models and two metrics. */
export async function commitResult(store: Store): Promise<ActionRecord> {
  const staging = await store.makeStaging();
  const outputs: Record<string, string[]> = {};
  for (const [slot, files] of Object.entries(FILES)) {
    mkdirSync(join(staging, slot));
    outputs[slot] = Object.entries(files).map(([name, content]) => {
      writeFileSync(join(staging, slot, name), content);
      return join(staging, slot, name);
    });
  }
  const metrics = { accuracy: 0.97, confusion: [[9, 1]] };
  const record = await store.commit({
    key: KEY,
    keyRecord: KEY_RECORD,
    outputs,
    metrics,
    durationMs: 12,
    overrule: false,
  });
  await store.removeStaging(staging);
  return record;
}
