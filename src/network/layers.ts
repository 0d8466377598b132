import type { Json } from '../core/canonical-json.js';
import { UserError, UserErrors } from '../core/errors.js';
import { schemaProblems } from '../core/json-schema/problems.js';
import { leakyReluLayer, reluLayer, sigmoidLayer, tanhLayer } from './layers/activation.js';
import { batchNormalizationLayer } from './layers/batch-normalization.js';
import { convLayer } from './layers/conv.js';
import { dropoutLayer } from './layers/dropout.js';
import { flattenLayer } from './layers/flatten.js';
import { globalAveragePoolLayer } from './layers/global-average-pool.js';
import type { Layer, LayerOptions } from './layers/layer.js';
import { linearLayer } from './layers/linear.js';
import { averagePoolLayer, maxPoolLayer } from './layers/pool.js';
import { residualLayer } from './layers/residual.js';
import type { Stack } from './stack.js';

/** Part of the key of a network made of layers: raise it when the same list may give another model. */
export const LAYERS_REVISION = 1;

const SIMPLE_LAYERS: readonly Layer[] = [
  averagePoolLayer,
  batchNormalizationLayer,
  convLayer,
  dropoutLayer,
  flattenLayer,
  globalAveragePoolLayer,
  leakyReluLayer,
  linearLayer,
  maxPoolLayer,
  reluLayer,
  sigmoidLayer,
  tanhLayer,
];
const ALL_LAYERS: readonly Layer[] = [...SIMPLE_LAYERS, residualLayer(listSchema(SIMPLE_LAYERS), addLayers)];

/** JSON Schema of `layers:` in a recipe. It refers to nothing outside itself. */
export const LAYERS_SCHEMA = listSchema(ALL_LAYERS);

/** Checks a list against LAYERS_SCHEMA. Throws NETWORK_LAYER for every mistake at once. */
export function checkLayers(layers: readonly Json[]): void {
  const problems = schemaProblems(LAYERS_SCHEMA, layers, (path) => {
    const last = path.at(-1);
    return typeof last === 'string' ? { noun: 'option', owner: last } : { noun: 'kind', owner: 'layer' };
  });
  if (problems.length === 0) return;
  const errors = problems.map(({ path, problem, fix }) => {
    const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
    return new UserError('NETWORK_LAYER', `layers${place}: ${problem}`, fix, { class: 'usage' });
  });
  throw errors.length === 1 ? errors[0]! : new UserErrors(errors);
}

/** Adds the layers of a checked list. Throws NETWORK_SHAPE and NETWORK_NAME. */
export function addLayers(stack: Stack, layers: readonly Json[]): void {
  layers.forEach((entry, index) => {
    const [kind, value] = typeof entry === 'string' ? [entry, {}] : Object.entries(entry as object)[0]!;
    const layer = ALL_LAYERS.find((candidate) => candidate.name === kind);
    if (layer === undefined) throw new Error(`internal: unchecked layer ${kind}`);
    stack.at(index + 1, () => layer.build(stack, optionsOf(layer, value as Json)));
  });
}

function optionsOf(layer: Layer, value: Json): LayerOptions {
  const given =
    layer.shorthand !== undefined && (typeof value !== 'object' || Array.isArray(value))
      ? { [layer.shorthand]: value }
      : value;
  const options: Record<string, Json | undefined> = {};
  for (const [name, schema] of Object.entries(layer.options.properties)) {
    if (schema.default !== undefined) options[name] = schema.default;
  }
  return Object.assign(options, given);
}

function listSchema(layers: readonly Layer[]) {
  const words = layers.filter((layer) => layer.isWord).map((layer) => layer.name);
  return {
    description: 'The layers in order; the last one gives the outputs.',
    type: 'array',
    minItems: 1,
    items: {
      anyOf: [
        { title: `one of the words ${words.join(', ')}, other kinds with their options`, enum: words },
        {
          title: 'a layer with its options',
          type: 'object',
          minProperties: 1,
          maxProperties: 1,
          additionalProperties: false,
          properties: Object.fromEntries(layers.map((layer) => [layer.name, valueSchema(layer)])),
        },
      ],
    },
  } as const;
}

function valueSchema(layer: Layer): object {
  if (layer.shorthand === undefined) return layer.options;
  const short = layer.options.properties[layer.shorthand]!;
  const { default: _, ...number } = short;
  return { anyOf: [...((number.anyOf as unknown[] | undefined) ?? [number]), layer.options] };
}
