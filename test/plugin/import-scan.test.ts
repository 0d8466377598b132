// biome-ignore-all lint/suspicious/noTemplateCurlyInString: code as text
import { expect, test } from 'vitest';
import { scanImports } from '../../src/plugin/import-scan.js';

test.each<[string, string, string[]]>([
  ['a default import', `import a from './a.js';`, ['./a.js']],
  ['named imports over several lines', `import {\n  a,\n  b,\n} from "./a";`, ['./a']],
  ['an import for its effect', `import './a.ts'`, ['./a.ts']],
  ['a type import', `import type { A } from './a.js';`, ['./a.js']],
  ['a re-export', `export * from '../a';\nexport { b } from '../b';`, ['../a', '../b']],
  ['require', `const a = require('./a');`, ['./a']],
  ['a dynamic import', 'const a = await import(`./a.js`);', ['./a.js']],
  ['a JSON import', `import a from './a.json' with { type: 'json' };`, ['./a.json']],
  ['the folder itself', `import a from '.';\nimport b from '..';`, ['.', '..']],
  ['a URL beside the module', `new URL('./weights.bin', import.meta.url)`, ['./weights.bin']],
  ['an import = require', `import a = require('./a');`, ['./a']],
  ['minified code', `import{a}from"./a.js";export{b}from"./b.js"`, ['./a.js', './b.js']],
  ['a template with a hole, by its folder', 'await import(`./ops/${name}.js`)', ['./ops/']],
  ['a sum, by its folder', `await import('./ops/' + name)`, ['./ops/']],
  ['even what stands in a comment', `// import './a.js'`, ['./a.js']],
  ['no other text', `const a = 'hello'; const b = "a/./b"; const c = './two\\nlines'`, []],
])('%s is found', (_, code, relative) => {
  expect(scanImports(code).relative).toEqual(relative);
});

test('packages are found, static imports apart from dynamic and type imports', () => {
  const { bare, bareStatic } = scanImports(`
    import { defineStage, type Json } from 'onnx-lathe/plugin';
    import type { TrainResult } from 'onnx-lathe/train';
    import x = require('cjs');
    export * from "@scope/name/sub";
    const later = () => import('onnx-lathe/quantize');
    const old = require('left-pad');
    import 'effect';
  `);
  expect(bare).toEqual([
    '@scope/name/sub',
    'cjs',
    'effect',
    'left-pad',
    'onnx-lathe/plugin',
    'onnx-lathe/quantize',
    'onnx-lathe/train',
  ]);
  expect(bareStatic).toEqual(['@scope/name/sub', 'cjs', 'effect', 'left-pad', 'onnx-lathe/plugin']);
});
