import { canonicalJson, type Json } from '../core/canonical-json.js';

/** One option of a plugin, for reading. */
export interface OptionLine {
  /** "split.validation" for nested ones. */
  readonly name: string;
  readonly type: string;
  /** JSON text of the default; null if there is none. */
  readonly fallback: string | null;
  readonly description: string;
}

/** The options of a schema, nested objects included, in the order of the schema. */
export function listOptions(schema: object): OptionLine[] {
  return optionsUnder(schema as Schema, '');
}

/** What is used here of a JSON Schema. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema | boolean>>;
  readonly required?: readonly string[];
  readonly items?: Schema | boolean;
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly default?: Json;
  readonly description?: string;
  readonly oneOf?: readonly (Schema | boolean)[];
  readonly anyOf?: readonly (Schema | boolean)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly 'x-lathe'?: string;
  readonly 'x-unit'?: string;
}

function optionsUnder(schema: Schema, prefix: string): OptionLine[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    if (typeof property === 'boolean') return [];
    const name = prefix + key;
    const isRequired = schema.required?.includes(key) ?? false;
    const line: OptionLine = {
      name,
      type: typeText(property) + (isRequired ? ', required' : ''),
      fallback: property.default === undefined ? null : canonicalJson(property.default),
      description: property.description ?? '',
    };
    const branches = [property, ...(property.oneOf ?? []), ...(property.anyOf ?? [])];
    const nested = branches.flatMap((branch) => (typeof branch === 'boolean' ? [] : optionsUnder(branch, `${name}.`)));
    // Two forms of one option may share a key.
    return [line, ...nested.filter((each, index) => nested.findIndex((other) => other.name === each.name) === index)];
  });
}

function typeText(schema: Schema): string {
  const reference = schema['x-lathe'];
  if (reference !== undefined) return REFERENCE_WORDS[reference] ?? reference;
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  if (schema.const !== undefined) return literal(schema.const);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) {
    return [...new Set(choices.map((each) => (typeof each === 'boolean' ? 'anything' : typeText(each))))].join(' | ');
  }
  if (schema.type === undefined) return 'anything';
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  return types.map((type) => oneType(type, schema)).join(' | ');
}

const REFERENCE_WORDS: Readonly<Record<string, string>> = {
  file: 'path of a file',
  folder: 'path of a folder',
  dataset: 'name under data',
  network: 'network, or name under networks',
  model: 'stage, or name under models',
};

function oneType(type: string, schema: Schema): string {
  if (type === 'array') {
    return `list of ${typeof schema.items === 'object' ? typeText(schema.items) : 'anything'}`;
  }
  if (type !== 'number' && type !== 'integer') return type;
  const unit = schema['x-unit'] === undefined ? '' : ` (${UNIT_WORDS[schema['x-unit']] ?? schema['x-unit']})`;
  return `${type === 'integer' ? 'whole number' : 'number'}${rangeText(schema)}${unit}`;
}

const UNIT_WORDS: Readonly<Record<string, string>> = {
  bytes: 'bytes, or as "60k"',
  duration: 'ms, or as "20m"',
  ratio: 'or as "1%"',
};

function rangeText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const parts = [
    ...(minimum === undefined ? [] : [`>= ${minimum}`]),
    ...(exclusiveMinimum === undefined ? [] : [`> ${exclusiveMinimum}`]),
    ...(maximum === undefined ? [] : [`<= ${maximum}`]),
    ...(exclusiveMaximum === undefined ? [] : [`< ${exclusiveMaximum}`]),
  ];
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}

function literal(value: Json): string {
  return typeof value === 'string' ? value : canonicalJson(value);
}
