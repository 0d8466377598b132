import type { Dim } from '../ir.js';
import { broadcastTwo, mergeDim, type Shape, shapeText, unknownShape } from './dims.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';

/** numpy's matmul: a vector on the left is a row, on the right a column, and its dimension disappears. */
export function matMulShape(call: Call, a: Shape | null, b: Shape | null): Shape | null {
  if (a === null || b === null) return null;
  if (a.length === 0 || b.length === 0) call.fail('multiplies a scalar');
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  checkInner(call, left.at(-1)!, right.at(-2)!, a, b);
  const batch = broadcastTwo(call, left.slice(0, -2), right.slice(0, -2));
  const result: Dim[] = [...batch];
  if (a.length > 1) result.push(left.at(-2)!);
  if (b.length > 1) result.push(right.at(-1)!);
  return result;
}

function checkInner(call: Call, ka: Dim, kb: Dim, a: Shape, b: Shape): void {
  if (typeof ka === 'number' && typeof kb === 'number' && ka !== kb) {
    call.fail(`multiplies ${shapeText(a)} by ${shapeText(b)}: the inner sizes ${ka} and ${kb} differ`);
  }
}

/** [M, N] of Gemm, or null if neither rank is known. */
function gemmShape(call: Call, aIndex: number, bIndex: number): Shape | null {
  const a = call.shape(aIndex);
  const b = call.shape(bIndex);
  if (a === null && b === null) return null;
  const left = a ?? unknownShape(2);
  const right = b ?? unknownShape(2);
  if (left.length !== 2 || right.length !== 2) {
    call.fail(`multiplies ${shapeText(left)} by ${shapeText(right)}: Gemm takes matrices`);
  }
  const [m, ka] = call.int('transA', 0) !== 0 ? [left[1]!, left[0]!] : [left[0]!, left[1]!];
  const [kb, n] = call.int('transB', 0) !== 0 ? [right[1]!, right[0]!] : [right[0]!, right[1]!];
  checkInner(call, ka, kb, left, right);
  return [m, n];
}

const matMul: ShapeRule = (call) => [typed(call.dataType(0), matMulShape(call, call.shape(0), call.shape(1)))];
const gemm: ShapeRule = (call) => [typed(call.dataType(0), gemmShape(call, 0, 1))];

export const linear: RuleTable = {
  MatMul: matMul,
  Gemm: gemm,
  MatMulInteger: (call) => [typed('int32', matMulShape(call, call.shape(0), call.shape(1)))],
  QLinearMatMul: (call) => [typed(call.dataType(7), matMulShape(call, call.shape(0), call.shape(3)))],
  Einsum: (call) => [typed(call.dataType(0), einsumShape(call))],
  Det: (call) => [typed(call.dataType(0), call.shape(0)?.slice(0, -2) ?? null)],
};

export const microsoftLinear: RuleTable = {
  FusedMatMul: (call) => [
    typed(
      call.dataType(0),
      matMulShape(call, transposed(call, 'A', call.shape(0)), transposed(call, 'B', call.shape(1))),
    ),
  ],
  FusedGemm: gemm,
  MatMulNBits: (call) => {
    const shape = call.shape(0);
    return [typed(call.dataType(0), shape === null ? null : [...shape.slice(0, -1), call.int('N', 0)])];
  },
  DynamicQuantizeMatMul: matMul,
  MatMulIntegerToFloat: (call) => [typed(call.dataType(2), matMulShape(call, call.shape(0), call.shape(1)))],
  // A, its scale and zero point, B with the same, C, then scale and zero point of an 8-bit output.
  QGemm: (call) => [typed(call.has(7) ? call.dataType(8) : 'float32', gemmShape(call, 0, 3))],
};

/** The operand as FusedMatMul sees it: `transBatch` moves the first dimension before the last, `trans` swaps the last two. */
function transposed(call: Call, operand: 'A' | 'B', shape: Shape | null): Shape | null {
  if (shape === null || shape.length < 2) return shape;
  const moved =
    call.int(`transBatch${operand}`, 0) !== 0 ? [...shape.slice(1, -1), shape[0]!, shape.at(-1)!] : [...shape];
  if (call.int(`trans${operand}`, 0) === 0) return moved;
  return [...moved.slice(0, -2), moved.at(-1)!, moved.at(-2)!];
}

function einsumShape(call: Call): Shape | null {
  const equation = call.string('equation', '').replaceAll(' ', '');
  const [left = '', right] = equation.split('->');
  const terms = left.split(',');
  if (terms.length !== call.inputCount) call.fail(`has the equation "${equation}" for ${call.inputCount} inputs`);
  const sizes = new Map<string, Dim>();
  let batch: Shape = [];
  for (const [index, term] of terms.entries()) {
    const shape = call.shape(index);
    if (shape === null) return null;
    const [head = '', tail] = term.split('...');
    const rest = shape.length - head.length - (tail?.length ?? 0);
    if (rest < 0 || (tail === undefined && rest > 0)) {
      call.fail(`has the equation "${equation}", but its input ${index} has the shape ${shapeText(shape)}`);
    }
    batch = broadcastTwo(call, batch, shape.slice(head.length, head.length + rest));
    [...head].forEach((letter, i) => {
      note(call, sizes, letter, shape[i]!);
    });
    [...(tail ?? '')].forEach((letter, i) => {
      note(call, sizes, letter, shape[head.length + rest + i]!);
    });
  }
  const output = right ?? implicitOutput(left);
  const [head = '', tail] = output.split('...');
  const dimOf = (letter: string) => sizes.get(letter) ?? null;
  return [...[...head].map(dimOf), ...(tail === undefined ? [] : batch), ...[...(tail ?? '')].map(dimOf)];
}

function note(call: Call, sizes: Map<string, Dim>, letter: string, dim: Dim): void {
  const known = sizes.get(letter);
  if (typeof known === 'number' && typeof dim === 'number' && known !== dim && known !== 1 && dim !== 1) {
    call.fail(`gives "${letter}" of its equation two sizes, ${known} and ${dim}`);
  }
  sizes.set(letter, known === undefined || known === 1 ? dim : mergeDim(known, dim));
}

/** Without `->`: the letters that occur once, in order of the alphabet, after the ellipsis. */
function implicitOutput(left: string): string {
  const letters = [...left.replaceAll(/[^A-Za-z]/g, '')];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort();
  return (left.includes('...') ? '...' : '') + once.join('');
}
