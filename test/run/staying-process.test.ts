import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { Store } from '../../src/artifacts/store.js';
import { keyFunction } from '../../src/cli/keys.js';
import { preparePlan } from '../../src/cli/prepare.js';
import { childEnvironment } from '../../src/run/child-environment.js';
import type { Executor } from '../../src/run/executor.js';
import { localExecutor } from '../../src/run/local-executor.js';
import { runPlan } from '../../src/run/run-plan.js';
import { runtimeFacts } from '../../src/run/runtime-facts.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const BUILT_CHILD = pathToFileURL(fileURLToPath(new URL('../../dist/bin/child.cjs', import.meta.url))).href;

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
  const folder = temporaryFolder({ 'recipe.yaml': RECIPE });
  const surroundings = { terminal: { out() {}, err() {} } as never, env: {} };
  const plan = await preparePlan(
    { recipe: join(folder, 'recipe.yaml'), allowPath: [], localPlugins: true },
    surroundings,
  );
  const run = async (name: string, change: (executor: Executor) => Executor) => {
    const processes = join(folder, `${name}.txt`);
    writeFileSync(processes, '');
    const childEntry = join(folder, `${name}.mjs`);
    writeFileSync(
      childEntry,
      `import { appendFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(processes)}, process.pid + '\\n');
await import(${JSON.stringify(BUILT_CHILD)});
`,
    );
    const executor = localExecutor({ childEntry, env: childEnvironment(process.env, []) });
    const { record, failures } = await runPlan(plan, {
      store: new Store(join(folder, name, 'cache')),
      executor: change(executor),
      runsDir: join(folder, name, 'runs'),
      facts: runtimeFacts(),
      keyOf: keyFunction(runtimeFacts(), plan),
      jobs: 1,
      cores: 1,
      isForced: () => false,
      stop: new AbortController().signal,
      listener: () => {},
    });
    await executor.close();
    expect(failures).toEqual([]);
    return {
      count: readFileSync(processes, 'utf8').split('\n').length - 1,
      digests: record.stages.map(({ cell, outputs }) => [cell, outputs.model?.digest]),
    };
  };
  const staying = await run('staying', (executor) => executor);
  // Nobody tells this one that more will come.
  const fresh = await run('fresh', ({ expect: _, ...executor }) => executor);
  expect(staying.digests).toEqual(fresh.digests);
  expect(staying.count).toBe(1);
  expect(fresh.count).toBe(8);
});
