/** Part of the build: compiles the schemas of recipes and built-ins into dist/validators.cjs. */
import { writeFileSync } from 'node:fs';
import { precompile, precompiledFile } from '../core/json-schema/precompiled.js';
import type { SchemaObject } from '../core/json-schema/schema.js';
import { LAYERS_SCHEMA } from '../network/layers.js';
import { readRecipeSchema } from '../recipe/schema.js';
import { BUILT_INS } from '../cli/registries.js';

const { stages, datasets, networks } = BUILT_INS;
const options = [...stages, ...datasets, ...networks].map((definition) => definition.options as SchemaObject);
writeFileSync(precompiledFile(), await precompile([...options, LAYERS_SCHEMA, readRecipeSchema()]));
