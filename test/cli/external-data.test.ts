import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { readModel } from '../../src/onnx/read.js';
import { floatsOf, floatTensor } from '../../src/onnx/tensor.js';
import { writeModel } from '../../src/onnx/write.js';
import { lastRun, lathe, statuses } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// test/conformance/large-model.ts does the same with more than 2 GiB, and measures the memory that it takes.
it("a user's model with its tensors in another file is inspected and pruned, and their bytes count", async () => {
  const cwd = temporaryFolder();
  const write = async (last: number) => {
    const b = new GraphBuilder();
    const weights = Float32Array.from({ length: 1024 }, (_, i) => (i === 1023 ? last : i / 1024));
    const weight = b.initializer('fc.weight', floatTensor(weights, [32, 32]));
    b.output(b.op('MatMul', [b.input('input', 'float32', ['batch', 32]), weight], {}, { name: 'fc' }), 'output');
    await writeModel(b.build(), join(cwd, 'large.onnx'), { externalDataBytes: 0 });
  };
  const recipe = `version: 1
models: { large: { file: large.onnx } }
stages:
  - { id: pruned, uses: prune, from: large, with: { threshold: 0.5 } }
exports:
  model: { from: pruned, to: pruned.onnx }
`;
  writeFileSync(join(cwd, 'recipe.yaml'), recipe);
  await write(1);
  const inspection = JSON.parse((await lathe(['inspect', 'large.onnx', '--json'], { cwd })).stdout);
  expect(inspection).toMatchObject({ parameters: 1024, nonzeroParameters: 1023 });

  const run = async () => {
    const { code, stderr } = await lathe(['run'], { cwd });
    expect(code, stderr).toBe(0);
    return statuses(lastRun(cwd));
  };
  expect(await run()).toEqual(['pruned ran']);
  expect(await run()).toEqual(['pruned cached']);
  const pruned = floatsOf((await readModel(join(cwd, 'pruned.onnx'))).graph.initializers.get('fc.weight')!);
  expect(pruned.filter((value) => value !== 0).length).toBe(512);

  // The .onnx file itself stays as it was.
  await write(0.1);
  expect(await run()).toEqual(['pruned ran']);
});
