import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT_INS } from '../../../src/cli/registries.js';
import { precompile, precompiledFile, schemaKey, type Validator } from '../../../src/core/json-schema/precompiled.js';
import type { SchemaObject } from '../../../src/core/json-schema/schema.js';
import { readRecipeSchema } from '../../../src/recipe/schema.js';
import { fakeRegistries } from '../../support/fake-plugins.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const tree = {
  type: 'object',
  additionalProperties: false,
  properties: {
    child: { $ref: '#/$defs/node' },
    name: { type: 'string', minLength: 2 },
    list: { type: 'array', uniqueItems: true },
  },
  $defs: { node: { type: 'object', properties: { child: { $ref: '#/$defs/node' } }, additionalProperties: false } },
};

test('a compiled validator accepts and refuses what its schema does, and is found by the schema', async () => {
  const { options } = fakeRegistries().stages.get('train')!;
  const code = await precompile([tree, options as never, { ...tree }]);
  const file = join(temporaryFolder({ 'v.cjs': code }), 'v.cjs');
  // ajv's own helpers are found from where the file lies, in dist/.
  writeFileSync(
    file,
    code.replaceAll(
      'require("ajv',
      `require("${createRequire(import.meta.url)
        .resolve('ajv/package.json')
        .slice(0, -13)}`,
    ),
  );
  const validators = createRequire(import.meta.url)(file) as Record<string, Validator>;
  const accepts = (schema: object, value: unknown) => validators[schemaKey(schema as never)]!(value as never);
  expect(accepts(tree, { child: { child: {} }, name: 'é😀', list: [{ a: 1 }, { a: 2 }] })).toBe(true);
  expect(accepts(tree, { child: { chld: {} } })).toBe(false);
  expect(accepts(tree, { name: '😀' })).toBe(false);
  expect(accepts(tree, { list: [{ a: 1 }, { a: 1 }] })).toBe(false);
  expect(accepts(options as object, { network: 'mlp', data: 'd', optimizer: { adam: {} } })).toBe(true);
  expect(accepts(options as object, { network: 'mlp', data: 'd', optimizer: { adam: {}, sgd: {} } })).toBe(false);
});

test('the build has a validator for every built-in, and one that refuses tells where a value does not fit', () => {
  const validators = createRequire(import.meta.url)(precompiledFile()) as Record<string, Validator>;
  const { stages, datasets, networks } = BUILT_INS;
  const schemas = [...stages, ...datasets, ...networks].map(({ options }) => options as SchemaObject);
  expect(schemas.filter((schema) => validators[schemaKey(schema)] === undefined)).toEqual([]);
  const validate = validators[schemaKey(readRecipeSchema())]!;
  const recipe = { version: 1, stages: [{ id: 'a', uses: 'train', with: {} }] };
  expect(validate(recipe)).toBe(true);
  expect(validate({ ...recipe, stages: [{ id: 'a', uses: 7 }] })).toBe(false);
  expect(validate.errors).toEqual([{ instancePath: '/stages/0/uses' }]);
});

test('another schema has another key', () => {
  expect(schemaKey({ type: 'number', minimum: 1 })).toBe(schemaKey({ type: 'number', minimum: 1 }));
  expect(schemaKey({ type: 'number', minimum: 1 })).not.toBe(schemaKey({ type: 'number', minimum: 2 }));
});
