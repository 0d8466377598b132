import type { Json } from '../canonical-json.js';
import type { UnitKind } from '../schema.js';
import { parseUnit } from '../units.js';
import { schemaProblems } from './problems.js';
import {
  isJsonMapping,
  isMapping,
  itemSchemas,
  propertySchemas,
  type Schema,
  type SchemaObject,
  schemaMap,
} from './schema.js';
import { schemasInForce } from './walk.js';

/**
 * A copy of a value with every default of its schema filled in, also inside the branch of a oneOf or anyOf that the value
 * takes (where ajv leaves them out), and with texts such as "60k" turned into numbers where the schema has `x-unit`.
 * Does not validate: what does not fit is returned as it came.
 */
export function complete(schema: Schema, value: Json): Json {
  return completeValue([schema], value, schema);
}

function completeValue(schemas: readonly Schema[], value: Json, root: Schema): Json {
  const accepts = (branch: Schema, candidate: Json) =>
    schemaProblems(withRoot(branch, root), completeValue([branch], candidate, root), anonymous).length === 0;
  const inForce = schemasInForce(schemas, value, root, accepts);
  if (typeof value === 'string') return inUnit(inForce, value);
  if (Array.isArray(value)) {
    return value.map((item, index) =>
      completeValue(
        inForce.flatMap((schema) => itemSchemas(schema, index)),
        item,
        root,
      ),
    );
  }
  if (!isJsonMapping(value)) return value;
  const filled = withDefaults(inForce, value);
  // A default may decide an `if` or a branch.
  const after = schemasInForce(schemas, filled, root, accepts);
  const whole = withDefaults(after, filled);
  return Object.fromEntries(
    Object.entries(whole).map(([key, item]) => [
      key,
      completeValue(
        after.flatMap((schema) => propertySchemas(schema, key)),
        item,
        root,
      ),
    ]),
  );
}

function withDefaults(schemas: readonly SchemaObject[], value: { readonly [key: string]: Json }) {
  const filled: { [key: string]: Json } = { ...value };
  for (const schema of schemas) {
    for (const [key, property] of Object.entries(schemaMap(schema.properties))) {
      if (filled[key] === undefined && isMapping(property) && property.default !== undefined) {
        filled[key] = structuredClone(property.default) as Json;
      }
    }
  }
  return filled;
}

function inUnit(schemas: readonly SchemaObject[], text: string): Json {
  for (const schema of schemas) {
    const unit = schema['x-unit'] as UnitKind | undefined;
    const parsed = unit === undefined ? undefined : parseUnit(text, unit);
    if (parsed !== undefined) return parsed;
  }
  return text;
}

/** The branch as a document of its own, in which its `$ref`s still find the definitions. */
function withRoot(branch: Schema, root: Schema): Schema {
  if (typeof branch === 'boolean' || branch === root || typeof root === 'boolean') return branch;
  return { $defs: root.$defs, allOf: [branch] };
}

const anonymous = () => ({ noun: 'key', owner: 'this' });
