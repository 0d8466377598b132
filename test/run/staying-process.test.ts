import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { childEnvironment } from '../../src/run/child-environment.js';
import { localExecutor } from '../../src/run/local-executor.js';
import { BUILT_CHILD, recipeRunner } from '../support/run-on.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const RECIPE = `version: 1
data: { digits: { uses: digits } }
networks: { small: { layers: [{ conv: { filters: 4, kernel: 3 } }, relu, { dropout: 0.2 }, { linear: 10 }] } }
stages:
  - { id: base, uses: train, matrix: { lr: [0.01, 0.02] }, with: { network: small, data: digits, epochs: 1, optimizer: { sgd: { lr: "\${{ matrix.lr }}" } } } }
  - { id: pruned, uses: prune, each: base, with: { keep: 0.5 } }
  - { id: tuned, uses: finetune, each: pruned, with: { data: digits, epochs: 1 } }
  - { id: int8, uses: quantize, each: tuned, with: { method: static, calibrate: { data: digits } } }
`;

it('stages that follow each other in one process make the bytes that they make in processes of their own', async () => {
  const runOn = await recipeRunner(RECIPE);
  const staying = processes();
  const fresh = processes();
  const results = [];
  for (const { childEntry, reuse } of [
    { ...staying, reuse: true },
    { ...fresh, reuse: false },
  ]) {
    const stages = await runOn(localExecutor({ childEntry, env: childEnvironment(process.env, []), reuse }));
    results.push(stages.map(({ cell, outputs }) => [cell, outputs.model!.digest]));
  }
  expect(results[0]).toEqual(results[1]);
  expect(staying.count()).toBe(1);
  expect(fresh.count()).toBe(8);
});

/** A process of a stage as it is installed, and how many have been started. */
function processes() {
  const folder = temporaryFolder({
    'started.txt': '',
    'child.mjs': `import { appendFileSync } from 'node:fs';
appendFileSync(new URL('started.txt', import.meta.url), process.pid + ' ');
await import(${JSON.stringify(pathToFileURL(BUILT_CHILD).href)});
`,
  });
  const count = () => readFileSync(join(folder, 'started.txt'), 'utf8').trim().split(' ').length;
  return { childEntry: join(folder, 'child.mjs'), count };
}
