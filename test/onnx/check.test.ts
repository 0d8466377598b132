import { describe, expect, test } from 'vitest';
import { UserErrors } from '../../src/core/errors.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { checkModel } from '../../src/onnx/check.js';
import type { Model, Node } from '../../src/onnx/ir.js';
import { sortNodes } from '../../src/onnx/order.js';
import { decodeModel } from '../../src/onnx/read.js';
import { encodeModel } from '../../src/onnx/write.js';

/** x → a (Relu) → b (Neg) → y (Identity) */
function chain(): Model {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [2]);
  const relu = b.op('Relu', [x], {}, { name: 'first', outputs: ['a'] });
  const neg = b.op('Neg', [relu], {}, { name: 'second', outputs: ['b'] });
  b.output(b.op('Identity', [neg], {}, { name: 'third', outputs: ['y'] }));
  return b.build();
}

function node(model: Model, name: string): Node {
  return model.graph.nodes.find((item) => item.name === name)!;
}

describe('checkModel', () => {
  test('accepts a sound model', () => {
    expect(() => checkModel(chain())).not.toThrow();
  });

  test('takes the name of an operator for a name only, even one that objects have', () => {
    const model = chain();
    for (const opType of ['constructor', 'toString', '__proto__']) {
      Object.assign(node(model, 'second'), { opType });
      expect(() => checkModel(model)).not.toThrow(TypeError);
    }
  });

  test('names the node that reads a value which nothing makes', () => {
    const model = chain();
    node(model, 'second').inputs[0] = 'nowhere';
    expect(() => checkModel(model)).toThrowErrorMatchingInlineSnapshot(
      `[UserError: The node "second" (Neg) reads "nowhere", which nothing makes. The model is damaged: export it again.]`,
    );
  });

  test('names the node that lacks an input or has no output', () => {
    const model = chain();
    node(model, 'first').inputs = [''];
    Object.assign(node(model, 'second'), { opType: 'Where', outputs: [] });
    node(model, 'third').inputs = ['a'];
    const error = caught(() => checkModel(model)) as UserErrors;
    expect(error.errors.map(({ code, problem }) => [code, problem])).toEqual([
      ['ONNX_INPUTS', 'The node "first" (Relu) lacks an input.'],
      ['ONNX_INPUTS', 'The node "second" (Where) lacks 2 inputs.'],
      ['ONNX_INPUTS', 'The node "second" (Where) has no output.'],
    ]);
  });

  test.each([
    [9, 2, 'lacks an input'],
    [11, 2, undefined],
  ])('knows that the inputs of an operator depend on the opset: Gemm in %i with %i', (opset, count, problem) => {
    const model = chain();
    model.opsets.set('', opset);
    Object.assign(node(model, 'second'), { opType: 'Gemm', inputs: ['a', 'a', 'a'].slice(0, count) });
    const error = caught(() => checkModel(model)) as Error | undefined;
    if (problem === undefined) expect(error).toBeUndefined();
    else expect(error?.message).toContain(problem);
  });

  test('names the node that makes a value a second time', () => {
    const model = chain();
    node(model, 'second').outputs[0] = 'a';
    node(model, 'third').inputs[0] = 'a';
    expect(() => checkModel(model)).toThrowErrorMatchingInlineSnapshot(
      `[UserError: The node "second" (Neg) makes "a", which exists already. The model is damaged: export it again.]`,
    );
  });

  test('shows a cycle instead of an order problem', () => {
    const model = chain();
    node(model, 'first').inputs[0] = 'b';
    expect(() => checkModel(model)).toThrowErrorMatchingInlineSnapshot(
      `[UserError: The graph has a cycle through "first", "second": each waits for the next. Export the model again; loops must be written as Loop or Scan.]`,
    );
  });

  test('refuses a node before the one that feeds it', () => {
    const model = chain();
    model.graph.nodes.reverse();
    const error = caught(() => checkModel(model)) as UserErrors;
    expect(error.errors.map(({ code }) => code)).toEqual(['ONNX_ORDER', 'ONNX_ORDER']);
  });

  test('refuses an operator of a domain without a version', () => {
    const model = chain();
    node(model, 'second').domain = 'com.example';
    expect(() => checkModel(model)).toThrowErrorMatchingInlineSnapshot(
      `[UserError: The node "second" (Neg) is of the domain "com.example", of which the model states no version. The model is damaged: export it again.]`,
    );
  });

  test('refuses a missing attribute', () => {
    const model = chain();
    node(model, 'second').opType = 'Cast';
    expect(() => checkModel(model)).toThrowErrorMatchingInlineSnapshot(
      `[UserError: The node "second" (Cast) has no attribute "to", which it needs. The model is damaged: export it again.]`,
    );
  });

  test('refuses an output that nothing makes, and a model without any', () => {
    const model = chain();
    model.graph.outputs[0]!.name = 'z';
    expect(() => checkModel(model)).toThrowErrorMatchingInlineSnapshot(
      `[UserError: The graph "graph" gives out "z", which nothing makes. The model is damaged: export it again.]`,
    );
    model.graph.outputs = [];
    expect(() => checkModel(model)).toThrow('no outputs');
  });

  test('reports every problem at once', () => {
    const model = chain();
    node(model, 'second').opType = 'Cast';
    node(model, 'third').inputs[0] = 'nowhere';
    expect(caught(() => checkModel(model))).toBeInstanceOf(UserErrors);
  });

  test('lets a subgraph read values of the graph around it, and nothing else', () => {
    const model = chain();
    const b = new GraphBuilder();
    b.output(b.op('Relu', [b.input('a', 'float32', [2])], {}, { outputs: ['inner'] }));
    const branch = b.graph;
    branch.inputs = [];
    const target = node(model, 'second');
    target.opType = 'If';
    target.attributes.set('then_branch', { type: 'graph', value: branch });
    target.attributes.set('else_branch', { type: 'graph', value: branch });
    expect(() => checkModel(model)).not.toThrow();
    branch.nodes[0]!.inputs[0] = 'nowhere';
    expect(() => checkModel(model)).toThrow('nowhere');
  });
});

describe('the order of nodes', () => {
  test('nodes in disorder are sorted when a model is read', () => {
    const model = chain();
    model.graph.nodes.reverse();
    const read = decodeModel(encodeModel(model));
    expect(read.graph.nodes.map(({ name }) => name)).toEqual(['first', 'second', 'third']);
  });

  test('nodes in order keep their places', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const parts = ['Relu', 'Neg', 'Abs'].map((op) => b.op(op, [x]));
    b.output(b.op('Sum', [...parts].reverse()), 'y');
    const { graph } = b.build();
    const before = graph.nodes.map(({ name }) => name);
    sortNodes(graph);
    expect(graph.nodes.map(({ name }) => name)).toEqual(before);
  });

  test('a chain of 20,000 nodes is sorted without a deep stack', () => {
    const b = new GraphBuilder();
    let value = b.input('x', 'float32', [1]);
    for (let i = 0; i < 20_000; i++) value = b.op('Relu', [value]);
    b.output(value, 'y');
    const { graph } = b.build();
    graph.nodes.reverse();
    sortNodes(graph);
    expect(graph.nodes.at(-1)!.outputs).toEqual(['y']);
  });

  test('sorting a cycle is refused', () => {
    const model = chain();
    node(model, 'first').inputs[0] = 'b';
    expect(() => sortNodes(model.graph)).toThrow('cycle');
  });
});

function caught(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
