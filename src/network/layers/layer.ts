import type { Json } from '../../core/canonical-json.js';
import type { Stack } from '../stack.js';

/** One kind of layer in a YAML list. */
export interface Layer {
  /** The key in the list: `- conv: { … }`. */
  readonly name: string;
  /** Whether the bare word will do: `- relu`. */
  readonly isWord: boolean;
  /** What a number stands for: `- linear: 64` is `{ outputs: 64 }`. */
  readonly shorthand?: string;
  /** JSON Schema of the options, with their defaults. */
  readonly options: LayerSchema;
  /** Adds the layer on top. Throws NETWORK_SHAPE, NETWORK_NAME. */
  build(stack: Stack, options: LayerOptions): void;
}

export interface LayerSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, { readonly default?: Json; readonly [keyword: string]: unknown }>>;
}

export type LayerOptions = Readonly<Record<string, Json | undefined>>;

/** The option that every layer has. */
export const NAME_OPTION = {
  name: { type: 'string', minLength: 1, description: 'Name of the node; default: the kind with a number, conv1.' },
} as const;

/** A kind of layer, whose `build` sees typed options: O is what the schema describes, after defaults. */
export function defineLayer<O>(
  layer: Omit<Layer, 'build'> & { build(stack: Stack, options: O & { readonly name?: string | undefined }): void },
): Layer {
  return layer as unknown as Layer;
}
