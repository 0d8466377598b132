import { type Attribute, floatAttribute, intAttribute, type Node, stringAttribute } from '../ir.js';
import { activated } from './activations.js';
import type { Writer, WritingRule } from './writer.js';

/** A convolution, plus the fourth input, through an activation. */
const fusedConv: WritingRule = (w) => {
  const convolved = w.op(
    'Conv',
    [0, 1, 2].map((index) => w.input(index)),
    attributesOf(w.node),
  );
  const sum = w.input(3) === '' ? convolved : w.op('Add', [convolved, w.input(3)]);
  const params = w.node.attributes.get('activation_params');
  return finish(w, sum, params?.type === 'floats' ? params.value : []);
};

const fusedGemm: WritingRule = (w) => {
  const product = w.op(
    'Gemm',
    [0, 1, 2].map((index) => w.input(index)),
    attributesOf(w.node),
  );
  const names = ['activation_alpha', 'activation_beta'].filter((name) => w.node.attributes.has(name));
  return finish(
    w,
    product,
    names.map((name) => floatAttribute(w.node, name, 0)),
  );
};

/** alpha · A′ · B′, transposed where the node says so; in a batch that is transposed as well it is left as it is. */
const fusedMatMul: WritingRule = (w) => {
  if (['transBatchA', 'transBatchB'].some((name) => intAttribute(w.node, name, 0) !== 0)) return null;
  const operands = ['transA', 'transB'].map((name, index) => {
    const operand = w.input(index);
    if (intAttribute(w.node, name, 0) === 0) return operand;
    const rank = w.rank(operand);
    if (rank === undefined) return null;
    if (rank < 2) return operand;
    const perm = Array.from({ length: rank }, (_, axis) => axis);
    return w.op('Transpose', [operand], {
      perm: { type: 'ints', value: [...perm.slice(0, -2), rank - 1, rank - 2] },
    });
  });
  if (operands.some((operand) => operand === null)) return null;
  const product = w.op('MatMul', operands as string[]);
  const alpha = floatAttribute(w.node, 'alpha', 1);
  w.give(alpha === 1 ? product : w.op('Mul', [product, w.scalar(alpha)]));
  return undefined;
};

function finish(w: Writer, value: string, numbers: readonly number[]): null | undefined {
  const result = activated(w, value, stringAttribute(w.node, 'activation', ''), numbers);
  if (result === null) return null;
  w.give(result);
  return undefined;
}

function attributesOf({ attributes }: Node): Record<string, Attribute> {
  return Object.fromEntries([...attributes].filter(([name]) => !name.startsWith('activation')));
}

export const PRODUCTS = { FusedConv: fusedConv, FusedGemm: fusedGemm, FusedMatMul: fusedMatMul } as const;
