// The victim of kill-commit.ts: commits one result to the cache that it is given, once it is told to.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Store } from '../../dist/src/artifacts/store.js';

const [cacheDir, key, overrule] = process.argv.slice(2);
process.stdin.once('data', async () => {
  const store = new Store(cacheDir);
  const staging = await store.makeStaging();
  const files = ['model.onnx', 'model.onnx.data'].map((name) => join(staging, name));
  for (const file of files) writeFileSync(file, `content of ${key} ${file.endsWith('.data')}`.repeat(1000));
  await store.commit({
    ...{ key, keyRecord: { key }, outputs: { model: files }, metrics: { accuracy: 1 }, durationMs: 1 },
    overrule: overrule === 'true',
  });
  await store.removeStaging(staging);
  process.exit(0);
});
process.stdout.write('ready\n');
