import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject } from '../core/json-schema/problems.js';
import type { SchemaObject } from '../core/json-schema/schema.js';
import { packageRoot } from '../core/package-root.js';

/** The JSON Schema of a recipe without the options of plugins (schemas/recipe.schema.json). */
export function readRecipeSchema(): SchemaObject {
  schema ??= JSON.parse(readFileSync(join(packageRoot(), 'schemas', 'recipe.schema.json'), 'utf8')) as SchemaObject;
  return schema;
}

/** Read once; ajv knows a compiled schema by its object. */
let schema: SchemaObject | undefined;

/** How messages call the parts of a recipe. */
export const recipeSubject: Subject = (path) => {
  const [section, , third, fourth] = path;
  const key = (owner: string) => ({ noun: 'key', owner });
  if (section === undefined) return key('a recipe');
  if (section === 'stages' && third === 'expect') {
    return fourth === undefined
      ? { noun: 'metric', owner: 'expect' }
      : { noun: 'limit', owner: `the gate on "${fourth}"` };
  }
  if (section === 'stages' && third === 'tolerance') return { noun: 'metric', owner: 'tolerance' };
  if (section === 'stages' && third === 'from') return { noun: 'slot', owner: 'from' };
  if (section === 'stages' && path.length === 2) return key('a stage');
  if (path.length === 2) {
    const owners: Record<string, string> = {
      data: 'a data set',
      networks: 'a network',
      models: 'a model',
      exports: 'an export',
    };
    return key(owners[String(section)] ?? `"${section}"`);
  }
  return key(`"${path[path.length - 1]}"`);
};
