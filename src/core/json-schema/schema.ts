import type { Json } from '../canonical-json.js';

/** A JSON Schema as data (draft 2020-12). */
export type Schema = boolean | { readonly [keyword: string]: unknown };
export type SchemaObject = Exclude<Schema, boolean>;

/** The schema that a local `$ref` ("#/$defs/x") points to; undefined for anything else. */
export function dereference(reference: unknown, root: Schema): Schema | undefined {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined;
  let target: unknown = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof target !== 'object' || target === null) return undefined;
    target = (target as Record<string, unknown>)[key];
  }
  return typeof target === 'boolean' || isMapping(target) ? (target as Schema) : undefined;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonMapping(value: Json | undefined): value is { readonly [key: string]: Json } {
  return isMapping(value);
}

/** The schemas in a list-valued or map-valued keyword. */
export function schemaList(value: unknown): readonly Schema[] {
  return Array.isArray(value) ? (value as Schema[]) : [];
}

export function schemaMap(value: unknown): Readonly<Record<string, Schema>> {
  return isMapping(value) ? (value as Record<string, Schema>) : {};
}

/** The JSON types that a schema names in `type`; null if it names none. */
export function typesOf(schema: SchemaObject): readonly string[] | null {
  if (typeof schema.type === 'string') return [schema.type];
  return Array.isArray(schema.type) ? (schema.type as string[]) : null;
}

export function hasType(value: Json, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isMapping(value);
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

/** The schemas that one schema gives for the value under a key. */
export function propertySchemas(schema: SchemaObject, key: string): Schema[] {
  const found: Schema[] = [];
  const properties = schemaMap(schema.properties);
  if (Object.hasOwn(properties, key)) found.push(properties[key]!);
  for (const [pattern, each] of Object.entries(schemaMap(schema.patternProperties))) {
    if (new RegExp(pattern, 'u').test(key)) found.push(each);
  }
  if (found.length === 0 && schema.additionalProperties !== undefined) {
    found.push(schema.additionalProperties as Schema);
  }
  return found;
}

/** The schemas that one schema gives for the item at an index. */
export function itemSchemas(schema: SchemaObject, index: number): Schema[] {
  const prefix = schemaList(schema.prefixItems);
  if (index < prefix.length) return [prefix[index]!];
  return schema.items === undefined ? [] : [schema.items as Schema];
}
