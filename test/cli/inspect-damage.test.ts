import { expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { encodeModel } from '../../src/onnx/write.js';
import { lathe } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** fc (MatMul) with six weights, then relu. */
function model(): Model {
  const b = new GraphBuilder();
  const x = b.input('input', 'float32', ['batch', 3]);
  const weight = b.initializer('fc.weight', floatTensor([1, 0, 3, 4, 0, 6], [3, 2]));
  const fc = b.op('MatMul', [x, weight], {}, { name: 'fc', outputs: ['hidden'] });
  b.output(b.op('Relu', [fc], {}, { name: 'relu', outputs: ['logits'] }));
  return b.build();
}

/** The same, with one of its lists of names changed. */
function damaged(node: 0 | 1, list: 'inputs' | 'outputs', names: readonly string[]): Model {
  const changed = model();
  changed.graph.nodes[node]![list].splice(0, names.length + 1, ...names);
  return changed;
}

// What is wrong follows from the graph above.
it.each<[what: string, model: Model, lines: readonly string[]]>([
  [
    'a value that nothing makes',
    damaged(1, 'inputs', ['nowhere']),
    ['The node "relu" (Relu) reads "nowhere", which nothing makes.'],
  ],
  ['an input that is missing', damaged(0, 'inputs', ['input']), ['The node "fc" (MatMul) lacks an input.']],
  [
    'a name that two nodes make',
    damaged(1, 'outputs', ['hidden']),
    [
      'The node "relu" (Relu) makes "hidden", which exists already.',
      'The graph "graph" gives out "logits", which nothing makes.',
    ],
  ],
  [
    'a name that clears the terminal',
    damaged(1, 'inputs', ['\u001b[2J']),
    ['The node "relu" (Relu) reads "\\u001b[2J", which nothing makes.'],
  ],
])('lathe inspect shows a damaged model with its damage: %s', async (_, model, lines) => {
  const cwd = temporaryFolder({ 'model.onnx': encodeModel(model) });
  const { code, stdout, stderr } = await lathe(['inspect', 'model.onnx'], { cwd });
  expect(code, stderr).toBe(0);
  const shown = stdout.split('\n');
  const from = shown.indexOf('') + 1;
  expect(shown.slice(from, shown.indexOf('', from))).toEqual(lines);
  expect(shown).toContain('training    not known: the model is damaged');
  expect(stdout).toMatch(/^fc +MatMul /m);
  const { damage } = JSON.parse((await lathe(['inspect', '--json', 'model.onnx'], { cwd })).stdout);
  expect(damage).toHaveLength(lines.length);
});

it('lathe inspect shows two nodes that wait for each other', async () => {
  const cwd = temporaryFolder({ 'model.onnx': encodeModel(damaged(0, 'inputs', ['logits', 'fc.weight'])) });
  const { code, stdout } = await lathe(['inspect', '--json', 'model.onnx'], { cwd });
  expect(code).toBe(0);
  const { damage, nodes } = JSON.parse(stdout);
  expect(damage).toEqual(['The graph has a cycle through "fc", "relu": each waits for the next.']);
  expect(nodes).toHaveLength(2);
});

it('lathe inspect finds no damage in a sound model', async () => {
  const cwd = temporaryFolder({ 'model.onnx': encodeModel(model()) });
  expect(JSON.parse((await lathe(['inspect', '--json', 'model.onnx'], { cwd })).stdout).damage).toEqual([]);
});
