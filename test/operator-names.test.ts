import { expect, it } from 'vitest';
import { countMacs } from '../src/evaluate/macs.js';
import { modelSize } from '../src/evaluate/model-size.js';
import { GraphBuilder } from '../src/onnx/builder.js';
import { floatTensor } from '../src/onnx/tensor.js';
import { qdqRole } from '../src/quantize/qdq-rules.js';
import { forWebgpu } from '../src/runtime/webgpu/for-webgpu.js';
import { trainableParameters } from '../src/train/parameters.js';

it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
  'an operator named %s is unknown like any other',
  (opType) => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 2]);
    b.output(b.op(opType, [x, b.initializer('w', floatTensor([1, 2, 3, 0], [2, 2]))]));
    const model = b.build();
    expect(countMacs(model)).toEqual({ macs: 0, nodes: [], unknown: [] });
    expect(modelSize(model)).toMatchObject({ parameters: 4, nonzeroParameters: 3 });
    expect(qdqRole(model.graph.nodes[0]!, model)).toBeUndefined();
    expect(trainableParameters(model)).toEqual([]);
    expect(forWebgpu(model).graph.nodes).toEqual(model.graph.nodes);
  },
);
