import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { BUILT_IN_RULES, defineGradient, extendRules } from '../../src/autodiff/index.js';
import { gradcheckCommand } from '../../src/cli/commands/gradcheck.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { writeModel } from '../../src/onnx/write.js';
import { NO_PAINT } from '../../src/report/paint.js';
import { lathe } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let cwd: string;
beforeEach(async () => {
  cwd = temporaryFolder();
  const b = new GraphBuilder();
  const x = b.input('image', 'float32', ['N', 3, 'H', 4]);
  const weight = b.initializer('conv.weight', floatTensor([0.5, -1, 2, 1, 0.3, -0.7], [2, 3, 1, 1]));
  const y = b.op('Conv', [x, weight], {}, { name: 'conv' });
  b.output(b.op('Tanh', [y], {}, { name: 'act' }));
  await writeModel(b.build(), join(cwd, 'model.onnx'));
});

const call = (...argv: string[]) => lathe(['gradcheck', 'model.onnx', ...argv], { cwd });

describe('lathe gradcheck', () => {
  it('tells operator by operator that gradients agree', async () => {
    const { code, stdout, stderr } = await call('--shape', 'image=2x3x5x4');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\d\.\de-\d+/g, '<error>')).toMatchInlineSnapshot(`
      "operator  nodes  gradients  agree  differ  not measurable  not checked  largest error
      Conv          1          1      1                                              <error>
      Tanh          1          1      1                                              <error>

      inputs image [2, 3, 5, 4]; tolerance 0.01, 2 directions each, seed 1
      2 of 2 gradients of single nodes agree with central differences, 1 of 1 through the whole model with the chain rule
      "
    `);
  });

  it('gives the same as JSON, and the same again for the same seed', async () => {
    const argv = ['--shape', 'image=1x3x2x4', '--seed', '7', '--probes', '3', '--training', '--json'];
    const { stdout } = await call(...argv);
    expect(JSON.parse(stdout)).toMatchObject({
      inputs: { image: [1, 3, 2, 4] },
      seed: 7,
      probes: 3,
      tolerance: 0.01,
      training: true,
      nodes: [
        { node: 'conv', opType: 'Conv', input: 'W', tensor: 'conv.weight', dims: [2, 3, 1, 1], verdict: 'agrees' },
        { node: 'act', opType: 'Tanh', input: 'input', verdict: 'agrees' },
      ],
      whole: [{ tensor: 'conv.weight', verdict: 'agrees' }],
    });
    expect((await call(...argv)).stdout).toBe(stdout);
  });

  it('says once of an operator why it is not checked', async () => {
    const b = new GraphBuilder();
    let y = b.input('x', 'float32', [2, 3]);
    for (const scale of [0.1, 0.2]) {
      y = b.op('DequantizeLinear', [b.op('QuantizeLinear', [y, b.scalar(scale)]), b.scalar(scale)]);
    }
    b.output(b.op('Tanh', [y]));
    await writeModel(b.build(), join(cwd, 'model.onnx'));
    const { code, stdout } = await call();
    expect(code).toBe(0);
    expect(stdout).toContain('not checked: 2 times input x of QuantizeLinear: rounding has no slope');
    expect(stdout).toContain('not checked: 2 times input x of DequantizeLinear: whole numbers');
    expect(stdout).toContain('1 of 1 gradients of single nodes agree');
  });

  it('checks what is chosen by name or operator', async () => {
    const byName = await call('--shape', 'image=1x3x2x4', '--include', 'con*', '--json');
    expect(JSON.parse(byName.stdout)).toMatchObject({ nodes: [{ node: 'conv' }], whole: [] });
    const byOperator = await call('--shape', 'image=1x3x2x4', '--op-type', 'Tanh', '--json');
    expect(JSON.parse(byOperator.stdout)).toMatchObject({ nodes: [{ node: 'act' }], whole: [] });
  });

  it.each([
    [[], 'The model leaves the sizes of its input "image" [N, 3, H, 4] open.'],
    [[], 'Give them, for instance --shape "image=2x3x32x4".'],
    [['--shape', 'image'], '"image" is no input with its sizes.'],
    [['--shape', 'picture=1x3x2x4'], 'The model has no input "picture". Its inputs are "image".'],
    [['--shape', 'image=1x1x2x4'], 'The input "image" has the shape [N, 3, H, 4]; --shape gives it [1, 1, 2, 4].'],
    [['--shape', 'image=1x3x2x4', '--include', 'cnov'], 'Did you mean "conv"?'],
    [['--tolerance', '0'], 'It must be a number above 0.'],
    [['--probes', '0'], 'It must be a whole number from 1 on.'],
  ])('refuses %j with exit code 2', async (argv, text) => {
    const { code, stdout, stderr } = await call(...argv);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(text);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('exits with 1 and names the node whose gradient is wrong', async () => {
    const wrong = defineGradient({
      opType: 'Tanh',
      inputs: ['input'],
      outputs: ['output'],
      // 1 − y instead of 1 − y².
      gradient: ({ b, output, dOutput }) => ({ input: b.op('Mul', [dOutput, b.op('Sub', [b.scalar(1), output])]) }),
    });
    const lines: string[] = [];
    const code = await gradcheckCommand(
      {
        model: join(cwd, 'model.onnx'),
        shape: ['image=2x3x5x4'],
        include: [],
        opType: [],
        training: false,
        tolerance: 0.01,
        probes: 2,
        seed: 1,
        json: false,
      },
      { out: (text) => lines.push(text), err: () => {}, isInteractive: false, paint: NO_PAINT },
      extendRules(BUILT_IN_RULES, [wrong]),
    );
    expect(code).toBe(1);
    expect(lines.join('\n')).toMatch(/^differs: act \(Tanh\), input input "conv\.out" \[2, 2, 5, 4\]: backward /m);
    expect(lines.join('\n')).toContain('1 of 2 gradients of single nodes agree');
  });
});
