import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Json } from '../canonical-json.js';
import { sha256 } from '../hash.js';
import { packageRoot } from '../package-root.js';
import type { Schema, SchemaObject } from './schema.js';

/** What ajv makes of a schema. */
export interface Validator {
  (value: Json): boolean;
  readonly errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

/** Where the build puts validators: compiling the schemas of all built-ins takes some 200 ms, loading this file 7 ms. */
export function precompiledFile(): string {
  return join(packageRoot(), 'dist', 'validators.cjs');
}

/** Validators by digest of their schema: one that is out of date is never found. None where the code runs from source. */
export function loadPrecompiled(): Readonly<Record<string, Validator>> {
  const isBuilt = fileURLToPath(import.meta.url).startsWith(join(packageRoot(), 'dist') + sep);
  if (!isBuilt || !existsSync(precompiledFile())) return {};
  return createRequire(import.meta.url)(precompiledFile()) as Record<string, Validator>;
}

/**
 * The key of a schema in `loadPrecompiled`. Not its canonical JSON, which takes ten times as long: the schemas of built-ins are written
 * down in one order, and one in another order is compiled.
 */
export function schemaKey(schema: Schema): string {
  return sha256(JSON.stringify(schema));
}

/** CommonJS code that exports a validator per schema. */
export async function precompile(schemas: readonly SchemaObject[]): Promise<string> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const { default: standalone } = await import('ajv/dist/standalone/index.js');
  const ajv = new Ajv2020({
    meta: false,
    validateSchema: false,
    strict: false,
    validateFormats: false,
    messages: false,
    code: { source: true },
  });
  const names: Record<string, string> = {};
  for (const schema of schemas) {
    const key = schemaKey(schema);
    if (names[key] !== undefined) continue;
    ajv.addSchema({ ...schema, $id: `schema:${key}` });
    names[key] = `schema:${key}`;
  }
  return standalone.default(ajv, names);
}
