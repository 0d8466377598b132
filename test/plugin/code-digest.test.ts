// biome-ignore-all lint/suspicious/noTemplateCurlyInString: code as text
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { readPluginCode } from '../../src/plugin/code-digest.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const FILES = {
  'stage.ts': `import { h } from './lib/helper.js';\nimport data from './data.json';\nimport pad from 'pad';\nexport default h(data, pad);`,
  'lib/helper.ts': `export * from './deep';\nconst later = () => import('./later.mjs');`,
  'lib/deep/index.ts': `export const h = require('../other.cjs');`,
  'lib/later.mjs': 'export {};',
  'lib/other.cjs': `module.exports = () => new URL('./weights.bin', 'file:');`,
  'lib/weights.bin': 'w',
  'lib/unrelated.ts': 'export {};',
  'data.json': '{}',
  'node_modules/pad/package.json': '{ "name": "pad", "version": "1.0.0" }',
  'node_modules/pad/index.js': 'module.exports = 1;',
};
const digest = (folder: string, entry = 'stage.ts') => readPluginCode(join(folder, entry)).digest;

test('a plugin is its entry and every local file that it reaches', () => {
  const folder = temporaryFolder(FILES);
  expect(readPluginCode(join(folder, 'stage.ts')).files.map((file) => relative(folder, file))).toEqual([
    'stage.ts',
    'data.json',
    'lib/helper.ts',
    'lib/deep/index.ts',
    'lib/later.mjs',
    'lib/other.cjs',
    'lib/weights.bin',
  ]);
});

test.each([
  'stage.ts',
  'lib/helper.ts',
  'lib/deep/index.ts',
  'lib/later.mjs',
  'lib/other.cjs',
  'lib/weights.bin',
  'data.json',
])('an edit of %s changes the digest', (name) => {
  const folder = temporaryFolder(FILES);
  const before = digest(folder);
  writeFileSync(join(folder, name), `${FILES[name as keyof typeof FILES]}\n`);
  expect(digest(folder)).not.toBe(before);
});

test('an edit of a file that is not imported does not', () => {
  const folder = temporaryFolder(FILES);
  const before = digest(folder);
  writeFileSync(join(folder, 'lib/unrelated.ts'), 'export const a = 1;');
  expect(digest(folder)).toBe(before);
});

test('the place of the plugin and the name of its entry do not matter, the places of its parts do', () => {
  const folder = temporaryFolder(FILES);
  const before = digest(folder);
  expect(digest(temporaryFolder(FILES))).toBe(before);
  renameSync(join(folder, 'stage.ts'), join(folder, 'other-name.ts'));
  expect(digest(folder, 'other-name.ts')).toBe(before);
  const swapped = temporaryFolder({ 'e.ts': `import './a';import './b';`, 'a.ts': '1', 'b.ts': '2' });
  const first = digest(swapped, 'e.ts');
  writeFileSync(join(swapped, 'a.ts'), '2');
  writeFileSync(join(swapped, 'b.ts'), '1');
  expect(digest(swapped, 'e.ts')).not.toBe(first);
});

test('a package counts by its version', () => {
  const folder = temporaryFolder(FILES);
  const before = digest(folder);
  writeFileSync(join(folder, 'node_modules/pad/index.js'), 'module.exports = 2;');
  expect(digest(folder)).toBe(before);
  writeFileSync(join(folder, 'node_modules/pad/package.json'), '{ "name": "pad", "version": "1.0.1" }');
  expect(digest(folder)).not.toBe(before);
});

test('a folder that is named with a hole counts with all its code', () => {
  const folder = temporaryFolder({
    'e.ts': 'const load = (name: string) => import(`./ops/${name}.ts`);',
    'ops/a.ts': '1',
    'ops/b.ts': '2',
  });
  expect(readPluginCode(join(folder, 'e.ts')).files.map((file) => basename(file))).toEqual(['e.ts', 'a.ts', 'b.ts']);
});

test('modules that import each other are read once', () => {
  const folder = temporaryFolder({ 'e.ts': `import './f.js'`, 'f.ts': `import './e.js'` });
  expect(readPluginCode(join(folder, 'e.ts')).files).toHaveLength(2);
});

test('a missing import is left to loading, which names it', () => {
  const folder = temporaryFolder({ 'e.ts': `import './gone.js'` });
  rmSync(join(folder, 'gone.js'), { force: true });
  expect(readPluginCode(join(folder, 'e.ts')).files).toHaveLength(1);
});
