import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lathe } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const RECIPE = `version: 1
params: { file: usual.json }
data: { digits: { uses: digits } }
networks: { small: { layers: [{ conv: { filters: 4, kernel: 3 } }, relu, { linear: 10 }] } }
stages:
  - id: base
    uses: train
    with: { network: small, data: digits, epochs: 0.1, shards: 2, lowerings: "\${{ params.file }}" }
exports:
  model: { from: base, to: model.onnx }
`;
const NONE = '{ "latheLowerings": 1, "cpuClass": "any", "choices": {} }\n';

it('measures a model, and a stage that uses the file has its content in its key', async () => {
  const cwd = temporaryFolder({ 'recipe.yaml': RECIPE, 'usual.json': NONE });
  expect((await lathe(['run'], { cwd })).code).toBe(0);

  const tuned = await lathe(['tune-lowerings', 'model.onnx', '--shards', '2', '--rounds', '1', '--out', 'mine.json'], {
    cwd,
  });
  expect(tuned.stderr).toBe('');
  expect(tuned.stdout).toContain('convolution weight gradient: x 32×1×8×8 dy 32×4×6×6');
  const { choices } = JSON.parse(readFileSync(join(cwd, 'mine.json'), 'utf8'));
  const [key] = Object.keys(choices).filter((each) => each.startsWith('convolution weight gradient'));

  copyFileSync(join(cwd, 'usual.json'), join(cwd, 'copy.json'));
  expect((await lathe(['explain', 'base', '--set', 'file=copy.json'], { cwd })).stdout).toContain(
    'base (train) is cached',
  );

  writeFileSync(
    join(cwd, 'mine.json'),
    JSON.stringify({ latheLowerings: 1, cpuClass: 'any', choices: { [key!]: 'tap' } }),
  );
  expect((await lathe(['explain', 'base', '--set', 'file=mine.json'], { cwd })).stdout).toContain('lowerings');
  const other = await lathe(['run', '--set', 'file=mine.json', '--json'], { cwd });
  expect(JSON.parse(other.stdout).stages[0].status).toBe('ran');

  writeFileSync(
    join(cwd, 'mine.json'),
    JSON.stringify({ latheLowerings: 1, cpuClass: 'any', choices: { [key!]: 'tapp' } }),
  );
  const wrong = await lathe(['run', '--set', 'file=mine.json'], { cwd });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('it chooses "tapp" for "convolution weight gradient');
});

it('refuses a model that has nothing to train', async () => {
  const cwd = temporaryFolder({ 'recipe.yaml': RECIPE.replace('exports:', QUANTIZED), 'usual.json': NONE });
  expect((await lathe(['run'], { cwd })).code).toBe(0);
  const refused = await lathe(['tune-lowerings', 'int8.onnx'], { cwd });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('The model has no float32 weights to train.');
});

const QUANTIZED = `  - id: int8
    uses: quantize
    with: { method: static, calibrate: { data: digits } }
exports:
  int8: { from: int8, to: int8.onnx }
`;
