import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { childEnvironment } from '../../src/run/child-environment.js';
import type { Executor } from '../../src/run/executor.js';
import { localExecutor } from '../../src/run/local-executor.js';
import { BUILT_CHILD, recipeRunner } from '../support/run-on.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startHost } from './host/start-host.js';
import { JOB, OPTIONS } from './job-rig.js';

const FAKE_CHILD = fileURLToPath(new URL('../fixtures/run/child.mjs', import.meta.url));

const RECIPE = `version: 1
data: { digits: { uses: digits } }
networks: { small: { layers: [{ linear: 16 }, relu, { linear: 10 }] } }
stages:
  - { id: base, uses: train, with: { network: small, data: digits, epochs: 1 } }
  - { id: pruned, uses: prune, from: base, with: { keep: 0.5 } }
  - { id: int8, uses: quantize, from: pruned, with: { method: static, calibrate: { data: digits } } }
`;

it('a recipe that a host computes gives the bytes that this machine computes, and the same scheduler runs it', async () => {
  const runOn = await recipeRunner(RECIPE);
  const digestsBy = async (executor: Executor) =>
    (await runOn(executor)).map(({ cell, key, outputs }) => [cell, key, outputs.model!.digest]);
  const there = await startHost(BUILT_CHILD);
  const here = localExecutor({ childEntry: BUILT_CHILD, env: childEnvironment(process.env, []) });
  expect(await digestsBy(there.executor)).toEqual(await digestsBy(here));
});

it('a host that dies is a fault of the machine to its jobs; the next job gets another host', async () => {
  const { executor, folder } = await startHost(FAKE_CHILD);
  onTestFinished(() => executor.close());
  const staging = temporaryFolder();
  const execute = (what: string, onEvent = OPTIONS.onEvent) =>
    executor.execute({ ...JOB, options: { what }, staging }, { ...OPTIONS, onEvent });
  const lost = execute('wait stubbornly', (event) => {
    // The process of the job: its parent is the host.
    if (event.type === 'log') process.kill(event.details.parent as number, 'SIGKILL');
  });
  await expect(lost).rejects.toMatchObject({
    code: 'RUN_CHILD_KILLED',
    class: 'infrastructure',
    problem: 'The host that had stage pruned ended: SIGKILL.',
  });
  expect((await execute('succeed')).metrics).toEqual({ accuracy: 0.9 });
  await executor.close();
  expect(existsSync(folder)).toBe(false);
});
