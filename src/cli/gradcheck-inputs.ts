import { UserError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import type { Dim, Model, Tensor, ValueInfo } from '../onnx/ir.js';
import { floatTensor, int32Tensor, int64Tensor, sizeOf } from '../onnx/tensor.js';

/**
 * A random tensor for every input of a model: normal numbers; 0 and 1 for whole numbers, which are indices into any vocabulary.
 * A first dimension without a size is a batch, of 2 samples.
 * @param given sizes as on the command line, `x=2x3x32x32`
 * Throws GRADCHECK_INPUT for sizes that cannot be read, contradict the model, or are missing.
 */
export function drawInputs(model: Model, given: readonly string[], random: Random): Record<string, Tensor> {
  const { inputs } = model.graph;
  const sizes = new Map(given.map((text) => parse(text, inputs)));
  return Object.fromEntries(
    inputs.map((input) => [input.name, draw(input, dimsOf(input, sizes.get(input.name)), random.derive(input.name))]),
  );
}

const BATCH = 2;

function parse(text: string, inputs: readonly ValueInfo[]): [string, number[]] {
  // Names may contain "=", sizes do not.
  const at = text.lastIndexOf('=');
  const [name, sizes] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || !/^[1-9]\d*(x[1-9]\d*)*$/.test(sizes)) {
    throw problem(`"${text}" is no input with its sizes.`, 'Write --shape name=2x3x32x32.');
  }
  if (!inputs.some((input) => input.name === name)) {
    const names = inputs.map((input) => `"${input.name}"`).join(', ');
    throw problem(`The model has no input "${name}".`, `Its inputs are ${names || 'none'}.`);
  }
  return [name, sizes.split('x').map(Number)];
}

function dimsOf({ name, shape }: ValueInfo, given: readonly number[] | undefined): readonly number[] {
  if (given !== undefined) {
    const fits =
      shape === null ||
      (shape.length === given.length && shape.every((dim, i) => typeof dim !== 'number' || dim === given[i]));
    if (fits) return given;
    throw problem(
      `The input "${name}" has the shape ${shapeText(shape)}; --shape gives it [${given.join(', ')}].`,
      'Give sizes that the model allows.',
    );
  }
  const dims = shape?.map((dim, i) => (typeof dim !== 'number' && i === 0 ? BATCH : dim));
  if (dims?.every((dim) => typeof dim === 'number')) return dims as number[];
  const example = dims === undefined ? '2x3x32x32' : dims.map((dim) => (typeof dim === 'number' ? dim : 32)).join('x');
  const written = shape === null ? '' : ` ${shapeText(shape)}`;
  throw problem(
    `The model leaves the sizes of its input "${name}"${written} open.`,
    `Give them, for instance --shape "${name}=${example}".`,
  );
}

function draw({ name, dataType }: ValueInfo, dims: readonly number[], random: Random): Tensor {
  const length = sizeOf(dims);
  const bits = () => Array.from({ length }, () => random.int(2));
  switch (dataType) {
    case 'float32':
      return floatTensor(
        Float32Array.from({ length }, () => random.normal()),
        dims,
      );
    case 'int32':
      return int32Tensor(bits(), dims);
    case 'int64':
      return int64Tensor(bits(), dims);
    case 'bool':
      return { dataType, dims, bytes: Uint8Array.from(bits()) };
    default:
      throw problem(
        `The input "${name}" is ${dataType}.`,
        'Gradients are checked for models whose inputs are float32, int32, int64 or bool.',
      );
  }
}

function shapeText(shape: readonly Dim[]): string {
  return `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
}

function problem(text: string, fix: string): UserError {
  return new UserError('GRADCHECK_INPUT', text, fix, { class: 'usage' });
}
