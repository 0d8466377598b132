import type { FromSchema, JSONSchema } from 'json-schema-to-ts';

/**
 * JSON Schema (draft 2020-12) of a plugin's options: defaults live here, once.
 * One keyword of ours, `x-lathe`, says that a string names something, so that the plan can resolve it and put its
 * content, not its name, into the cache key:
 * - `file`, `folder`: a path relative to the recipe; the stage receives an absolute path, the key a content digest;
 * - `dataset`: a name under `data`; the key receives the data set's digest;
 * - `network`: a zoo network, a name under `networks`; the key receives the resolved description;
 * - `model`: a stage id or a name under `models`; makes an edge in the DAG, the key receives the model's digest.
 * - `metric`: a metric of the cells that the stage collects, or a value inside one ("latencyMs.p50"); the key receives
 *   its values.
 * `x-key: false` keeps an option of a data set or a network out of the key: it must not change a bit of what comes out.
 * A number may carry `x-unit`: `bytes` ("60k", "1.5M"), `duration` ("20m", in ms) or `ratio` ("1%"), then recipes may
 * write it as such text.
 */
export type OptionsSchema = JSONSchema & { readonly type: 'object' };

/** The type of the options that a schema describes. Put off until the schema is known: FromSchema of an open one overflows the compiler. */
export type OptionsOf<S> = S extends JSONSchema ? FromSchema<S> : never;

export type ReferenceKind = 'file' | 'folder' | 'dataset' | 'network' | 'model' | 'metric';
export type UnitKind = 'bytes' | 'duration' | 'ratio';
