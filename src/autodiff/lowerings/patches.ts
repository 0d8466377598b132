import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { pad, slice } from '../emit.js';
import type { Window } from '../window.js';

/** x [N, C, ...image] padded (or, where `end` is negative, cropped) to what the window reads. */
export function padImage(b: GraphBuilder, x: Value, window: Window, value = 0): Value {
  return pad(b, x, { begin: [0, 0, ...window.begin], end: [0, 0, ...window.end], value });
}

/**
 * What every output position sees through one position of the kernel.
 * @param padded the result of `padImage`
 * @returns [N, C, ...output]
 */
export function tapOf(b: GraphBuilder, padded: Value, window: Window, tap: readonly number[]): Value {
  const { strides, dilations, output } = window;
  return slice(
    b,
    padded,
    tap.map((position, index) => {
      const start = position * dilations[index]!;
      const stride = strides[index]!;
      return { axis: index + 2, start, end: start + (output[index]! - 1) * stride + 1, step: stride };
    }),
  );
}
