import type { Json } from '../canonical-json.js';
import type { Path } from '../path.js';
import { schemaProblems } from './problems.js';
import {
  dereference,
  isJsonMapping,
  itemSchemas,
  propertySchemas,
  type Schema,
  type SchemaObject,
  schemaList,
} from './schema.js';

/**
 * The schemas that judge a value at one place: those given, what they refer to, and the branches of anyOf, oneOf and
 * if/then/else that the value takes.
 * @param accepts whether a branch fits the value
 */
export function schemasInForce(
  schemas: readonly Schema[],
  value: Json,
  root: Schema,
  accepts: (branch: Schema, value: Json) => boolean,
): SchemaObject[] {
  const found = new Set<SchemaObject>();
  const add = (schema: Schema | undefined): void => {
    if (schema === undefined || typeof schema === 'boolean' || found.has(schema)) return;
    found.add(schema);
    if (schema.$ref !== undefined) add(dereference(schema.$ref, root));
    for (const each of schemaList(schema.allOf)) add(each);
    for (const each of [...schemaList(schema.anyOf), ...schemaList(schema.oneOf)]) if (accepts(each, value)) add(each);
    if (schema.if !== undefined) {
      if (accepts(schema.if as Schema, value)) {
        add(schema.if as Schema);
        add(schema.then as Schema | undefined);
      } else add(schema.else as Schema | undefined);
    }
  };
  for (const schema of schemas) add(schema);
  return [...found];
}

/**
 * Visits every part of a value that fits its schema, together with the schemas that judge the part, the root first.
 * @param visit called with the path from the root
 */
export function walk(
  schema: Schema,
  value: Json,
  visit: (schemas: readonly SchemaObject[], value: Json, path: Path) => void,
): void {
  const accepts = (branch: Schema, candidate: Json) => {
    const document =
      typeof branch === 'boolean' || typeof schema === 'boolean' ? branch : { $defs: schema.$defs, allOf: [branch] };
    return schemaProblems(document, candidate, () => ({ noun: 'key', owner: 'this' })).length === 0;
  };
  const step = (schemas: readonly Schema[], part: Json, path: Path): void => {
    const inForce = schemasInForce(schemas, part, schema, accepts);
    visit(inForce, part, path);
    if (Array.isArray(part)) {
      part.forEach((item, index) => {
        step(
          inForce.flatMap((each) => itemSchemas(each, index)),
          item,
          [...path, index],
        );
      });
    } else if (isJsonMapping(part)) {
      for (const [key, item] of Object.entries(part)) {
        step(
          inForce.flatMap((each) => propertySchemas(each, key)),
          item,
          [...path, key],
        );
      }
    }
  };
  step([schema], value, []);
}
