import type { Dim } from '../ir.js';
import { productOf, type Shape, shapeText, unknownShape } from './dims.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';
import { transposedCount, windowCount, windowsOf } from './window.js';

const convolution: ShapeRule = (call) => {
  const shape = convolutionShape(call, 0, 1);
  const bias = call.shape(2);
  if (bias !== null && bias.length !== 1) call.fail(`has the bias ${shapeText(bias)}, not one number per channel`);
  return [typed(call.dataType(0), shape)];
};

/** [N, O, spatial …] from X [N, C, spatial …] and W [O, C/groups, kernel …]. */
function convolutionShape(call: Call, xIndex: number, wIndex: number): Shape | null {
  const x = call.shape(xIndex);
  const w = call.shape(wIndex);
  if (x === null) return w === null ? null : [null, w[0] ?? null, ...unknownShape(w.length - 2)];
  if (x.length < 3) call.fail(`needs an input [N, C, …], got ${shapeText(x)}`);
  if (w !== null && w.length !== x.length) call.fail(`has the input ${shapeText(x)}, but the weight ${shapeText(w)}`);
  if (w !== null) checkChannels(call, x, w);
  const kernel = call.ints('kernel_shape') ?? w?.slice(2) ?? unknownShape(x.length - 2);
  if (kernel.length !== x.length - 2) {
    call.fail(`has the input ${shapeText(x)}, but a kernel of ${kernel.length} dimensions`);
  }
  const windows = windowsOf(call, kernel);
  return [x[0]!, w?.[0] ?? null, ...windows.map((window, i) => windowCount(call, x[i + 2]!, window, false))];
}

function checkChannels(call: Call, x: Shape, w: Shape): void {
  const [c, inner] = [x[1], w[1]];
  const groups = call.int('group', 1);
  if (typeof c === 'number' && typeof inner === 'number' && c !== inner * groups) {
    call.fail(`has the input ${shapeText(x)}, but the weight ${shapeText(w)} takes ${inner * groups} channels`);
  }
}

/** X [N, C, spatial …], W [C, O/groups, kernel …]. */
const convTranspose: ShapeRule = (call) => {
  const x = call.shape(0);
  const w = call.shape(1);
  if (x === null) return [typed(call.dataType(0), null)];
  const perGroup = w?.[1] ?? null;
  const channels = typeof perGroup === 'number' ? perGroup * call.int('group', 1) : null;
  const given = call.ints('output_shape');
  const kernel = call.ints('kernel_shape') ?? w?.slice(2) ?? unknownShape(x.length - 2);
  const outputPadding = call.ints('output_padding');
  const spatial: Shape =
    given?.slice(-kernel.length) ??
    windowsOf(call, kernel).map((window, i) => transposedCount(call, x[i + 2]!, window, outputPadding?.[i] ?? 0));
  return [typed(call.dataType(0), [x[0]!, channels, ...spatial])];
};

/** X [N, C·∏block, L] with the image and block shapes as inputs. */
const col2Im: ShapeRule = (call) => {
  const x = call.shape(0);
  const image = call.values(1);
  const block = call.values(2);
  if (image === undefined) return [typed(call.dataType(0), null)];
  const taps = block === undefined ? null : productOf(block);
  const columns = x?.[1] ?? null;
  const channels: Dim = typeof taps === 'number' && typeof columns === 'number' ? columns / taps : null;
  return [typed(call.dataType(0), [x?.[0] ?? null, channels, ...image])];
};

export const convolutions: RuleTable = {
  Conv: convolution,
  ConvTranspose: convTranspose,
  ConvInteger: (call) => [typed('int32', convolutionShape(call, 0, 1))],
  QLinearConv: (call) => [typed(call.dataType(7), convolutionShape(call, 0, 3))],
  DeformConv: (call) => [typed(call.dataType(0), convolutionShape(call, 0, 1))],
  Col2Im: col2Im,
};

export const microsoftConvolutions: RuleTable = { FusedConv: convolution };

/**
 * onnxruntime's blocked layout. Channels are padded to a multiple of the block, which depends on the processor (8 or 16):
 * only multiples of 16 are certain.
 */
export const nchwc: RuleTable = {
  ReorderInput: (call) => {
    const x = call.shape(0);
    if (x === null || x.length !== 4) return [typed(call.dataType(0), null)];
    const [n, c, h, w] =
      call.int('channels_last', 0) !== 0 ? [x[0]!, x[3]!, x[1]!, x[2]!] : [x[0]!, x[1]!, x[2]!, x[3]!];
    return [typed(call.dataType(0), [n, typeof c === 'number' && c % 16 === 0 ? c : null, h, w])];
  },
  ReorderOutput: (call) => {
    const x = call.shape(0);
    const channels = call.int('channels', 0);
    if (x === null || x.length !== 4) return [typed(call.dataType(0), null)];
    const [n, , h, w] = [x[0]!, null, x[2]!, x[3]!];
    return [typed(call.dataType(0), call.int('channels_last', 0) !== 0 ? [n, h, w, channels] : [n, channels, h, w])];
  },
  Conv: (call) => {
    const x = call.shape(0);
    const w = call.shape(1);
    if (x === null || w === null) return [typed(call.dataType(0), null)];
    const kernel = call.ints('kernel_shape') ?? w.slice(2);
    const spatial = windowsOf(call, kernel).map((window, i) => windowCount(call, x[i + 2]!, window, false));
    return [typed(call.dataType(0), [x[0]!, w[0]!, ...spatial])];
  },
};
