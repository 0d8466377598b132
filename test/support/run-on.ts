import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { StageRecord } from '../../src/artifacts/run-record.js';
import { Store } from '../../src/artifacts/store.js';
import { keyFunction } from '../../src/cli/keys.js';
import { preparePlan } from '../../src/cli/prepare.js';
import type { Executor } from '../../src/run/executor.js';
import { runPlan } from '../../src/run/run-plan.js';
import { runtimeFacts } from '../../src/run/runtime-facts.js';
import { temporaryFolder } from './temporary-folder.js';

/** The process of a stage, as it is installed. */
export const BUILT_CHILD = fileURLToPath(new URL('../../dist/bin/child.cjs', import.meta.url));

/** Runs a recipe on one executor after another, one stage at a time, each with an empty cache; no stage may fail. */
export async function recipeRunner(recipe: string): Promise<(executor: Executor) => Promise<readonly StageRecord[]>> {
  const folder = temporaryFolder({ 'recipe.yaml': recipe });
  const surroundings = { terminal: { out() {}, err() {} } as never, env: {} };
  const plan = await preparePlan(
    { recipe: join(folder, 'recipe.yaml'), allowPath: [], localPlugins: true },
    surroundings,
  );
  let count = 0;
  return async (executor) => {
    onTestFinished(() => executor.close());
    const own = join(folder, String(count++));
    const { record, failures } = await runPlan(plan, {
      store: new Store(join(own, 'cache')),
      executor,
      runsDir: join(own, 'runs'),
      facts: runtimeFacts(),
      keyOf: keyFunction(runtimeFacts(), plan),
      jobs: 1,
      cores: 1,
      isForced: () => false,
      stop: new AbortController().signal,
      listener: () => {},
    });
    expect(failures).toEqual([]);
    return record.stages;
  };
}
