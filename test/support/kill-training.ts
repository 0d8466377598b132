import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../src/core/random.js';
import { lastRun, lathe, startLathe } from './lathe.js';

/** All stages that train, on a network with all kinds of state: batch normalization, dropout, Adam, shards, masks. */
function recipeText(epochs: number): string {
  return `version: 1
name: killed
seed: 11
x-train: &train { data: digits, batch: 32 }
x-often: &often { everySteps: 2 }
data:
  digits: { uses: digits, with: { split: { validation: 200, test: 400 } } }
networks:
  small:
    layers: [{ conv: { filters: 6, kernel: 3 } }, batchnorm, relu, { maxpool: 2 }, { dropout: 0.2 }, { linear: 10 }]
stages:
  - { id: base, uses: train, checkpoint: *often, with: { <<: *train, network: small, epochs: ${epochs}, shards: 2, optimizer: { adam: {} } } }
  - { id: sparse, uses: l1-regularize, checkpoint: *often, with: { <<: *train, epochs: ${epochs} } }
  - { id: pruned, uses: prune, checkpoint: *often, with: { keep: 0.3, schedule: { steps: 3, data: digits, epochs: ${epochs}, batch: 32 } } }
  - { id: tuned, uses: finetune, checkpoint: *often, with: { <<: *train, epochs: ${epochs} } }
  - id: student
    uses: transfer
    from: { teacher: tuned }
    checkpoint: *often
    with: { <<: *train, method: distill, network: small, epochs: ${epochs} }
exports:
  student: { from: student, to: student.onnx }
`;
}

/** @param epochs of each training; they make the run longer */
export function writeKillRecipe(cwd: string, epochs: number): void {
  writeFileSync(join(cwd, 'recipe.yaml'), recipeText(epochs));
}

/** Runs to the end. @returns the digest of every model, by cell, and the stages that ran */
export async function runToTheEnd(cwd: string): Promise<{ digests: Record<string, string>; resumed: string[] }> {
  const { code, stdout, stderr } = await lathe(['run'], { cwd });
  if (code !== 0) throw new Error(`the run ended with ${code}:\n${stdout}\n${stderr}`);
  const digests = Object.fromEntries(
    lastRun(cwd).stages.map(({ cell, outputs }) => [cell, outputs.model?.digest ?? 'none']),
  );
  const resumed = [...stdout.matchAll(/^(\w+): going on after step (\d+)/gm)].map((match) => `${match[1]} ${match[2]}`);
  return { digests, resumed };
}

export const VICTIMS = ['group', 'parent', 'child'] as const;

/** Starts a run and kills it, or a part of it, with SIGKILL. @returns false if it had ended before */
export async function runAndKill(
  cwd: string,
  { afterMs, victim }: { readonly afterMs: number; readonly victim: (typeof VICTIMS)[number] },
): Promise<boolean> {
  const run = startLathe(['run'], { cwd });
  let isKilled = false;
  const timer = setTimeout(() => {
    isKilled = kill(run.process.pid!, victim);
  }, afterMs);
  await run.finished;
  clearTimeout(timer);
  return isKilled;
}

function kill(parent: number, victim: (typeof VICTIMS)[number]): boolean {
  try {
    if (victim === 'child') {
      const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
      // Between two stages there is none.
      process.kill(Number(children[0]) || parent, 'SIGKILL');
    } else process.kill(victim === 'group' ? -parent : parent, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** A moment of a run that takes `durationMs`, and whom to kill then. */
export function randomKill(random: Random, durationMs: number) {
  return { afterMs: Math.round(random.uniform() * durationMs), victim: VICTIMS[random.int(VICTIMS.length)]! };
}
