import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lathe, TOY_PLUGIN } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const RECIPE = `version: 1
plugins: [${JSON.stringify(TOY_PLUGIN)}]
env: { hash: [VK_ICD_FILENAMES, VK_DRIVER_FILES] }
data: { digits: { uses: digits } }
stages:
  - { id: base, uses: toy-make, with: { size: 8 } }
  - { id: net, uses: train, with: { network: mlp, data: digits, epochs: 0.01 } }
  - { id: more, uses: finetune, with: { data: digits, epochs: 0.01 }, runtime: { provider: webgpu } }
`;
/** No driver to be found. */
const NOWHERE = { VK_ICD_FILENAMES: '/nonexistent.json', VK_DRIVER_FILES: '/nonexistent.json' };

// Elsewhere than on Linux no variable hides a GPU.
describe.runIf(process.platform === 'linux')('a recipe for a GPU that is not there', () => {
  test('ends before anything has run, at the stage that needs it', async () => {
    const cwd = temporaryFolder({ 'recipe.yaml': RECIPE });
    const { code, stdout, stderr } = await lathe(['run'], { cwd, env: NOWHERE });
    expect(code).toBe(5);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^recipe\.yaml:8:11 onnxruntime cannot compute with webgpu here: .*\[RUNTIME_PROVIDER\]\n$/s,
    );
    expect(readdirSync(cwd)).not.toContain('recipe.lock.yaml');
    const { code: planned, stdout: plan } = await lathe(['plan'], { cwd, env: NOWHERE });
    expect(planned).toBe(0);
    expect(plan).toContain('3 stages: 0 cached, 2 to compute, 1 depending');
  });

  test('runs as far as it needs none', async () => {
    const cwd = temporaryFolder({ 'recipe.yaml': RECIPE });
    const { code } = await lathe(['run', '--only', 'net'], { cwd, env: NOWHERE });
    expect(code).toBe(0);
    const [run] = readdirSync(join(cwd, '.lathe/runs'));
    const record = JSON.parse(readFileSync(join(cwd, '.lathe/runs', run!, 'run.json'), 'utf8'));
    expect(record.stages.map((stage: { cell: string; provider: string }) => [stage.cell, stage.provider])).toEqual([
      ['net', 'cpu'],
    ]);
  });
});
