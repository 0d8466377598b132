import type { Json } from '../canonical-json.js';
import type { UnitKind } from '../schema.js';
import { UNIT_EXAMPLES } from '../units.js';
import { dereference, isMapping, type Schema, type SchemaObject, schemaList, schemaMap, typesOf } from './schema.js';

/** What a schema takes, as it follows "takes": "a whole number of at least 1", "sgd, adam or adamw". */
export function describeSchema(schema: Schema, root: Schema, depth = 0): string {
  if (typeof schema === 'boolean') return schema ? 'anything' : 'nothing';
  if (typeof schema.title === 'string') return schema.title;
  if (schema.const !== undefined) return describeConstant(schema.const as Json);
  if (Array.isArray(schema.enum)) return alternatives((schema.enum as Json[]).map(describeConstant));
  const branches = [...schemaList(schema.anyOf), ...schemaList(schema.oneOf)];
  if (branches.length > 0 && depth < 4) {
    return alternatives([...new Set(branches.map((branch) => describeSchema(branch, root, depth + 1)))]);
  }
  const target = dereference(schema.$ref, root);
  if (target !== undefined && depth < 8) return describeSchema(target, root, depth + 1);
  const all = schemaList(schema.allOf);
  if (typesOf(schema) === null && all.length > 0 && depth < 4) return describeSchema(all[0]!, root, depth + 1);
  const types = typesOf(schema);
  return types === null ? 'something else' : alternatives(types.map((type) => describeType(type, schema)));
}

/** A value as it follows "not": "the number 3", "a list". */
export function describeValue(value: Json): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty text' : `the text ${quote(value)}`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return String(value);
    default:
      return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  }
}

/** A text in quotes, cut to a readable length. */
export function quote(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ');
  return flat.length > 60 ? `"${flat.slice(0, 57)}…"` : `"${flat}"`;
}

/** "a", "a or b", "a, b or c". */
export function alternatives(words: readonly string[], joint: 'or' | 'and' = 'or'): string {
  if (words.length <= 1) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${joint} ${words[words.length - 1]}`;
}

function describeConstant(value: Json): string {
  return value === null ? 'nothing' : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function describeType(type: string, schema: SchemaObject): string {
  switch (type) {
    case 'integer':
      return `a whole number${bounds(schema)}`;
    case 'number':
      return `a number${bounds(schema)}`;
    case 'string':
      return typeof schema.description === 'string' && schema.pattern !== undefined
        ? `a text (${schema.description})`
        : 'a text';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'nothing';
    case 'array':
      return `a list${listBounds(schema)}`;
    default:
      return describeMapping(schema);
  }
}

function bounds(schema: SchemaObject): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const parts: string[] = [];
  if (minimum !== undefined && maximum !== undefined) parts.push(`from ${minimum} to ${maximum}`);
  else if (minimum !== undefined) parts.push(`of at least ${minimum}`);
  if (exclusiveMinimum !== undefined) parts.push(`above ${exclusiveMinimum}`);
  if (maximum !== undefined && minimum === undefined)
    parts.push(parts.length > 0 ? `up to ${maximum}` : `of at most ${maximum}`);
  if (exclusiveMaximum !== undefined) parts.push(`below ${exclusiveMaximum}`);
  if (multipleOf !== undefined) parts.push(`divisible by ${multipleOf}`);
  const unit = schema['x-unit'] as UnitKind | undefined;
  const example = unit === undefined ? '' : ` (such as ${UNIT_EXAMPLES[unit]})`;
  return `${parts.length === 0 ? '' : ` ${parts.join(' and ')}`}${example}`;
}

function listBounds({ minItems, maxItems }: SchemaObject): string {
  if (minItems !== undefined && minItems === maxItems) return ` of ${minItems}`;
  if (minItems !== undefined && maxItems !== undefined) return ` of ${minItems} to ${maxItems}`;
  if (minItems !== undefined) return ` of at least ${minItems}`;
  return maxItems === undefined ? '' : ` of at most ${maxItems}`;
}

function describeMapping(schema: SchemaObject): string {
  const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
  const keys = required.length > 0 ? required : Object.keys(schemaMap(schema.properties));
  if (keys.length === 0 || keys.length > 6 || !isMapping(schema.properties)) return 'a mapping';
  return required.length > 0 ? `a mapping with ${alternatives(keys, 'and')}` : `a mapping of ${alternatives(keys)}`;
}
