import type { Dim } from '../ir.js';
import { type Shape, shapeText, unknownShape } from './dims.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';
import { windowCount, windowsOf } from './window.js';

function poolShape(call: Call): Shape | null {
  const x = call.shape(0);
  const kernel = call.ints('kernel_shape');
  if (x === null || kernel === undefined) return null;
  if (x.length !== kernel.length + 2) {
    call.fail(`has the input ${shapeText(x)}, but a kernel of ${kernel.length} dimensions`);
  }
  const isCeil = call.int('ceil_mode', 0) !== 0;
  const windows = windowsOf(call, kernel);
  return [x[0]!, x[1]!, ...windows.map((window, i) => windowCount(call, x[i + 2]!, window, isCeil))];
}

const pool: ShapeRule = (call) => [typed(call.dataType(0), poolShape(call))];

const globalPool: ShapeRule = (call) => {
  const x = call.shape(0);
  return [typed(call.dataType(0), x === null ? null : x.map((dim, i) => (i < 2 ? dim : 1)))];
};

/** X and indices of one shape; the pooled size, or an explicit output shape, tells the result's. */
const maxUnpool: ShapeRule = (call) => {
  const x = call.shape(0);
  if (x === null) return [typed(call.dataType(0), null)];
  if (call.has(2)) return [typed(call.dataType(0), call.values(2) ?? unknownShape(x.length))];
  const windows = windowsOf(call, call.ints('kernel_shape') ?? []);
  const spatial = windows.map(({ kernel, stride, padHead, padTail }, i): Dim => {
    const size = x[i + 2];
    return typeof size === 'number' && typeof kernel === 'number'
      ? (size - 1) * stride - padHead - padTail + kernel
      : null;
  });
  return [typed(call.dataType(0), [x[0]!, x[1]!, ...spatial])];
};

/** X [N, C, H, W], regions [R, …] → [R, C, height, width]. */
function regions(call: Call, height: number, width: number) {
  return [typed(call.dataType(0), [call.shape(1)?.[0] ?? null, call.shape(0)?.[1] ?? null, height, width])];
}

export const pooling: RuleTable = {
  MaxPool: (call) => {
    const shape = poolShape(call);
    return [typed(call.dataType(0), shape), typed('int64', shape)];
  },
  AveragePool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  MaxUnpool: maxUnpool,
  RoiAlign: (call) => regions(call, call.int('output_height', 1), call.int('output_width', 1)),
  MaxRoiPool: (call) => {
    const [height = 1, width = 1] = call.ints('pooled_shape') ?? [];
    return regions(call, height, width);
  },
};

export const microsoftPooling: RuleTable = { QLinearAveragePool: pool, QLinearGlobalAveragePool: globalPool };

export const nchwcPooling: RuleTable = {
  MaxPool: pool,
  AveragePool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
};
