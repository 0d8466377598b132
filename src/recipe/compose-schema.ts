import type { Json } from '../core/canonical-json.js';
import { isMapping } from '../core/json-schema/schema.js';
import type { UnitKind } from '../core/schema.js';
import { LAYERS_SCHEMA } from '../network/layers.js';
import type { Registries } from '../plugin/registries.js';
import { readRecipeSchema } from './schema.js';

/** A reference may stand wherever a value may. */
const REFERENCE = '\\$\\{\\{.*\\}\\}';
const UNIT_PATTERNS: Readonly<Record<UnitKind, string>> = {
  bytes: '^[0-9]+(\\.[0-9]+)? ?([kKMGT]?i?B?)$',
  duration: '^([0-9]+(\\.[0-9]+)? ?(ms|s|m|h|d) ?)+$',
  ratio: '^-?[0-9]+(\\.[0-9]+)? ?%$',
};

interface Definition {
  readonly name: string;
  readonly summary: string;
  readonly options: unknown;
}

/**
 * The JSON Schema of a recipe together with the options of every registered stage, data set and network, for editors.
 * Unlike the schema that Lathe itself checks by, it lets `${{ … }}` and texts with units stand in for values.
 */
export function composeRecipeSchema(registries: Registries): Json {
  const { stages, datasets, networks } = registries;
  const schema = forEditors(readRecipeSchema(), '#') as Record<string, Json> & { $defs: Record<string, Json> };
  const $defs = { ...schema.$defs };
  const place = (def: string, kind: string, definitions: readonly Definition[]) => {
    const target = $defs[def] as Record<string, Json> & { properties: Record<string, Json> };
    for (const { name, options } of definitions)
      $defs[`${kind}-${name}`] = forEditors(options, `#/$defs/${kind}-${name}`);
    const uses = {
      ...(target.properties.uses as Record<string, Json>),
      anyOf: [
        ...definitions.map(({ name, summary }) => ({ const: name, description: summary })),
        { type: 'string', pattern: REFERENCE },
      ],
    };
    $defs[def] = {
      ...target,
      properties: { ...target.properties, uses },
      allOf: definitions.map(({ name, options }) => ({
        if: { required: ['uses'], properties: { uses: { const: name } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: {
          properties: { with: { $ref: `#/$defs/${kind}-${name}` } },
          ...(hasRequired(options) ? { required: ['with'] } : {}),
        },
      })),
    };
  };
  place('stage', 'stage', stages.list());
  place('dataset', 'dataset', datasets.list());
  place('network', 'network', networks.list());
  $defs.layers = forEditors(LAYERS_SCHEMA, '#/$defs/layers');
  const network = $defs.network as Record<string, Json> & { properties: Record<string, Json> };
  $defs.network = { ...network, properties: { ...network.properties, layers: { $ref: '#/$defs/layers' } } };
  return { ...schema, $defs };
}

/** The text of the composed schema as it stands in schemas/recipe.generated.schema.json. */
export function recipeSchemaText(registries: Registries): string {
  return `${JSON.stringify(composeRecipeSchema(registries), null, 2)}\n`;
}

function hasRequired(options: unknown): boolean {
  return isMapping(options) && Array.isArray(options.required) && options.required.length > 0;
}

/** A copy for editors: local references moved to where the schema is embedded, our own keywords out, references and units in. */
function forEditors(schema: unknown, base: string): Json {
  if (Array.isArray(schema)) return schema.map((each) => forEditors(each, base));
  if (!isMapping(schema)) return schema as Json;
  const copy: Record<string, Json> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (OURS.has(keyword) || (keyword === '$schema' && base !== '#')) continue;
    if (keyword === '$ref' && typeof value === 'string' && value.startsWith('#')) copy.$ref = base + value.slice(1);
    else if (keyword === 'enum' || keyword === 'const' || keyword === 'default' || keyword === 'required')
      copy[keyword] = value as Json;
    else if (MAPS.has(keyword) && isMapping(value)) {
      copy[keyword] = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, forEditors(each, base)]));
    } else copy[keyword] = forEditors(value, base);
  }
  return orReference(copy, schema['x-unit'] as UnitKind | undefined);
}

const OURS = new Set(['x-lathe', 'x-unit', 'x-key']);

/** Keywords whose value maps names to schemas: a property called "enum" is no keyword. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'dependentSchemas']);

function orReference(schema: Record<string, Json>, unit: UnitKind | undefined): Json {
  const { type } = schema;
  const types = typeof type === 'string' ? [type] : Array.isArray(type) ? (type as string[]) : [];
  if (schema.enum !== undefined || (schema.const !== undefined && schema.const !== 1)) {
    const { enum: words, const: word, ...rest } = schema;
    const { type: _, ...notes } = rest;
    const exact = words === undefined ? { const: word as Json } : { enum: words };
    return { ...notes, anyOf: [exact, { type: 'string', pattern: REFERENCE }] };
  }
  if (types.length === 0 || types.includes('object')) return schema;
  if (types.includes('string')) {
    return typeof schema.pattern === 'string' ? { ...schema, pattern: `(${schema.pattern})|(${REFERENCE})` } : schema;
  }
  const pattern = unit === undefined ? REFERENCE : `(${UNIT_PATTERNS[unit]})|(${REFERENCE})`;
  return { ...schema, type: [...types, 'string'], pattern };
}
