import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import type { Registry } from '../core/registry.js';
import { checkModel } from '../onnx/check.js';
import type { Model } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { addLayers, checkLayers } from './layers.js';
import type { NetworkDefinition } from './network.js';
import { Stack, show } from './stack.js';
import { withSymbolicBatch } from './symbolic-batch.js';

/** Where a network comes from: a layer list, an ONNX file, or a definition in the registry with its options. */
export type NetworkSource =
  | { readonly kind: 'layers'; readonly layers: readonly Json[]; readonly input: readonly number[] | null }
  /** Absolute path. */
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'uses'; readonly uses: string; readonly options: Readonly<Record<string, Json>> };

export interface NetworkRequest {
  /** Shape of one sample of the data, without the batch dimension. */
  readonly inputShape: readonly number[];
  /** What the data asks for: its number of classes, or of values to regress. */
  readonly outputs: number;
  /** Equal streams give equal weights. */
  readonly random: Random;
  readonly registry: Registry<NetworkDefinition>;
}

/**
 * The network: with fresh weights from a list or a definition, with its own weights from a file. One input
 * [batch, …inputShape], one output [batch, outputs].
 * Throws NETWORK_UNKNOWN, NETWORK_LAYER, NETWORK_NAME, NETWORK_SHAPE, NETWORK_INPUT, NETWORK_OUTPUTS, and what readModel throws.
 */
export async function buildNetwork(source: NetworkSource, request: NetworkRequest): Promise<Model> {
  const model = await build(source, request);
  checkFit(model, nameOf(source), request);
  return model;
}

async function build(source: NetworkSource, { inputShape, outputs, random, registry }: NetworkRequest): Promise<Model> {
  switch (source.kind) {
    case 'layers': {
      checkLayers(source.layers);
      const stack = new Stack('layers', source.input ?? inputShape, random);
      addLayers(stack, source.layers);
      return stack.finish();
    }
    case 'file': {
      const { readModel } = await import('../onnx/read.js');
      const model = await readModel(source.file);
      checkModel(model);
      return withSymbolicBatch(model);
    }
    case 'uses': {
      const definition = registry.get(source.uses);
      if (definition === undefined) {
        throw new UserError(
          'NETWORK_UNKNOWN',
          `There is no network "${source.uses}".`,
          registry.suggestion(source.uses),
          {
            class: 'usage',
          },
        );
      }
      return definition.build({ options: source.options, inputShape, outputs, random });
    }
  }
}

function checkFit({ graph }: Model, name: string, { inputShape, outputs }: NetworkRequest): void {
  const [input, ...moreInputs] = graph.inputs;
  const [output, ...moreOutputs] = graph.outputs;
  if (input === undefined || output === undefined || moreInputs.length > 0 || moreOutputs.length > 0) {
    const count = (list: readonly { name: string }[]) => `${list.length} (${list.map((each) => each.name).join(', ')})`;
    throw new UserError(
      'NETWORK_ENDS',
      `${name} has inputs: ${count(graph.inputs)}, outputs: ${count(graph.outputs)}.`,
      'A network to train has one input and one output.',
    );
  }
  const expected = input.shape?.slice(1) ?? null;
  const fits =
    expected === null ||
    (expected.length === inputShape.length &&
      expected.every((dim, i) => typeof dim !== 'number' || dim === inputShape[i]));
  if (input.dataType !== 'float32' || !fits) {
    throw new UserError(
      'NETWORK_INPUT',
      `${name} takes ${input.dataType} samples of shape ${shapeText(expected)}, but the data has float32 samples of shape ${show(inputShape)}.`,
      'Change the input of the network, or give the data another shape or size.',
    );
  }
  const produced = output.shape?.slice(1) ?? null;
  if (produced?.length === 1 && produced[0] === outputs) {
    const batch = output.shape?.[0];
    if (typeof batch !== 'number') return;
    throw new UserError(
      'NETWORK_OUTPUTS',
      `${name} gives ${batch} ${batch === 1 ? 'answer' : 'answers'}, however many samples go in.`,
      'Export it with an open batch dimension.',
    );
  }
  const numbers = produced?.filter((dim) => typeof dim === 'number') ?? [];
  const found =
    produced?.length === 1 && numbers.length === 1
      ? `${sizeOf(numbers)} outputs`
      : `an output of shape ${shapeText(output.shape)}`;
  throw new UserError(
    'NETWORK_OUTPUTS',
    `${name} gives ${found}, but the data asks for ${outputs}: shape [batch, ${outputs}].`,
    'Let the last layer have one output for each class (or value to regress).',
  );
}

function nameOf(source: NetworkSource): string {
  switch (source.kind) {
    case 'layers':
      return 'The list of layers';
    case 'file':
      return source.file;
    case 'uses':
      return `The network ${source.uses}`;
  }
}

function shapeText(shape: readonly (number | string | null)[] | null): string {
  return shape === null ? 'unknown' : `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
}
