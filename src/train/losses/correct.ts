import type { Target } from '../../data/dataset.js';
import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { floatTensor } from '../../onnx/tensor.js';

/** 1 for each sample whose largest output is its class (of a mixed one, the larger share), else 0: float32 [N]; all 0 where the labels are no classes. */
export function appendCorrect(b: GraphBuilder, output: Value, y: Value, target: Target): Value {
  if (target.kind === 'value') {
    const samples = y.shape![0] as number;
    return b.constant(floatTensor(new Float32Array(samples), [samples]));
  }
  const argMax = (value: Value): Value => b.op('ArgMax', [value], { axis: 1, keepdims: 0 });
  const label = y.dataType === 'float32' ? argMax(y) : b.op('Cast', [y], { to: INT64 });
  const isCorrect = b.op('Equal', [argMax(output), label]);
  return b.op('Cast', [isCorrect], { to: FLOAT });
}

/** Numbers of TensorProto.DataType. */
const FLOAT = 1;
const INT64 = 7;
