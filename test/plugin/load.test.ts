// biome-ignore-all lint/suspicious/noTemplateCurlyInString: code as text
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defineStage } from '../../src/plugin/index.js';
import { loadPlugin, loadPlugins } from '../../src/plugin/load.js';
import { createRegistries } from '../../src/plugin/registries.js';
import { fakeTrain } from '../support/fake-plugins.js';
import { refusal } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** JavaScript of a stage. */
const stage = (name: string) =>
  `defineStage({ name: '${name}', revision: 1, summary: 'Copies.', options: { type: 'object', additionalProperties: false, properties: {} }, inputs: { model: 'model' }, outputs: { model: 'model' }, metrics: {}, computes: false, async run() { return {}; } })`;
const IMPORT = `import { defineDataset, defineNetwork, defineStage } from 'onnx-lathe/plugin';\n`;
const DATASET = `defineDataset({ name: 'noise', revision: 1, summary: 'Noise.', options: { type: 'object' }, async open() {} })`;
const NETWORK = `defineNetwork({ name: 'line', revision: 1, summary: 'A line.', options: { type: 'object' }, build() {} })`;

const complaint = async (files: Readonly<Record<string, string>>, specifier: string) => {
  const folder = temporaryFolder(files);
  return refusal(() => loadPlugin({ specifier }, folder), folder);
};

describe('a plugin in a folder without node_modules', () => {
  test.each<[string, string]>([
    [
      'a.ts',
      `import { defineStage, type StageContext } from 'onnx-lathe/plugin';\nenum E { A = 1 }\ninterface X { readonly a: E }\nconst x: X = { a: E.A };\nvoid x;\nexport default ${stage('copy')} satisfies unknown;\nexport type C = StageContext<unknown>;`,
    ],
    ['a.mts', `${IMPORT}export default ${stage('copy')} as unknown;`],
    ['a.js', `${IMPORT}export default ${stage('copy')};`],
    ['a.mjs', `${IMPORT}await 0;\nexport default ${stage('copy')};`],
    ['a.cjs', `const { defineStage } = require('onnx-lathe/plugin');\nmodule.exports = ${stage('copy')};`],
  ])('loads from %s', async (name, code) => {
    const folder = temporaryFolder({ [name]: code });
    const plugin = await loadPlugin({ specifier: `./${name}` }, folder);
    expect(plugin.stages.map((each) => each.name)).toEqual(['copy']);
    expect(plugin.identity).toMatchObject({ kind: 'external', name: `./${name}`, specifier: join(folder, name) });
  });

  test('may export several definitions, as a list, by name, and from other files', async () => {
    const folder = temporaryFolder({
      'all.ts': `${IMPORT}import { more } from './more.js';\nexport default [${stage('a')}, more];\nexport const data = ${DATASET};\nexport const network = ${NETWORK};\nexport { more };`,
      'more.ts': `${IMPORT}export const more = ${stage('b')};`,
    });
    const { stages, datasets, networks } = await loadPlugin({ specifier: './all' }, folder);
    expect([stages, datasets, networks].map((list) => list.map(({ name }) => name))).toEqual([
      ['a', 'b'],
      ['noise'],
      ['line'],
    ]);
  });

  test('shares the modules of the running Lathe', async () => {
    const folder = temporaryFolder({
      'a.ts': `${IMPORT}export default Object.assign(${stage('copy')}, { summary: String(defineStage === (globalThis as any).testDefineStage) });`,
    });
    (globalThis as { testDefineStage?: unknown }).testDefineStage = defineStage;
    expect((await loadPlugin({ specifier: './a.ts' }, folder)).stages[0]!.summary).toBe('true');
  });

  test('loads a toolbox only when it asks for it', async () => {
    const code = `${IMPORT}export default Object.assign(${stage('copy')}, { run: async () => (await import('onnx-lathe/prune')) });`;
    const plugin = await loadPlugin({ specifier: './a.ts' }, temporaryFolder({ 'a.ts': code }));
    const toolbox = (await plugin.stages[0]!.run(undefined as never)) as Record<string, unknown>;
    expect(toolbox.magnitudeMasks).toBeTypeOf('function');
  });

  test('is read anew after an edit', async () => {
    const folder = temporaryFolder({
      'a.ts': `import { name } from './name.js';\n${IMPORT}export default Object.assign(${stage('a')}, { name });`,
      'name.ts': `export const name = 'one';`,
    });
    const load = async () => {
      const { stages, identity } = await loadPlugin({ specifier: './a.ts' }, folder);
      return [stages[0]!.name, identity.digest] as const;
    };
    const [one, before] = await load();
    writeFileSync(join(folder, 'name.ts'), `export const name = 'two';`);
    const [two, after] = await load();
    expect([one, two]).toEqual(['one', 'two']);
    expect(after).not.toBe(before);
  });
});

describe('a plugin package', () => {
  const files = (integrity: string | null) => ({
    'node_modules/lathe-copy/package.json': JSON.stringify({
      name: 'lathe-copy',
      version: '1.2.3',
      type: 'module',
      exports: { '.': { import: './main.js' }, './more': './more.js' },
    }),
    'node_modules/lathe-copy/main.js': `${IMPORT}export default ${stage('copy')};`,
    'node_modules/lathe-copy/more.js': `${IMPORT}export default ${stage('more')};`,
    ...(integrity === null
      ? {}
      : {
          'node_modules/.package-lock.json': JSON.stringify({
            packages: { 'node_modules/lathe-copy': { version: '1.2.3', integrity } },
          }),
        }),
  });
  const digest = async (folder: string) => (await loadPlugin({ specifier: 'lathe-copy' }, folder)).identity.digest;

  test('is found from the folder of the recipe upwards, also by a path inside it', async () => {
    const folder = temporaryFolder({ ...files(null), 'recipes/deep/r.yaml': '' });
    const load = async (specifier: string) =>
      (await loadPlugin({ specifier }, join(folder, 'recipes/deep'))).stages[0]!.name;
    expect(await load('lathe-copy')).toBe('copy');
    expect(await load('lathe-copy/more')).toBe('more');
  });

  test('is known by version and integrity where npm recorded them, by its code otherwise', async () => {
    const recorded = temporaryFolder(files('sha512-a'));
    const before = await digest(recorded);
    expect(await digest(temporaryFolder(files('sha512-a')))).toBe(before);
    expect(await digest(temporaryFolder(files('sha512-b')))).not.toBe(before);
    const unrecorded = temporaryFolder(files(null));
    const first = await digest(unrecorded);
    writeFileSync(
      join(unrecorded, 'node_modules/lathe-copy/main.js'),
      `${IMPORT}export default ${stage('copy')}; // edited`,
    );
    expect(await digest(unrecorded)).not.toBe(first);
  });

  test('that is linked in is known by its code', async () => {
    const folder = temporaryFolder({
      'packages/own/package.json': '{ "name": "own", "version": "1.0.0", "main": "./index.ts" }',
      'packages/own/index.ts': `${IMPORT}export default ${stage('copy')};`,
      'node_modules/.keep': '',
    });
    symlinkSync(join(folder, 'packages/own'), join(folder, 'node_modules/own'));
    const load = async () => (await loadPlugin({ specifier: 'own' }, folder)).identity;
    const before = await load();
    writeFileSync(join(folder, 'packages/own/index.ts'), `${IMPORT}export default ${stage('copy')}; // edited`);
    expect((await load()).digest).not.toBe(before.digest);
  });
});

describe('what is refused', () => {
  test('a plugin that cannot be found', async () => {
    expect(await complaint({}, './gone.ts')).toMatchInlineSnapshot(`
      "There is no plugin file <folder>/gone.ts.
      Check the path; it is relative to the recipe.  [PLUGIN_NOT_FOUND]"
    `);
    expect(await complaint({}, 'lathe-gone')).toMatchInlineSnapshot(`
      "The plugin "lathe-gone" is not installed where the recipe can see it.
      Run \`npm install lathe-gone\` in <folder>; a file is written with ./ in front.  [PLUGIN_NOT_FOUND]"
    `);
    expect(await complaint({ 'plugins/a.ts': '' }, 'plugins/a.ts')).toMatchInlineSnapshot(`
      "The plugin "plugins/a.ts" is not installed where the recipe can see it.
      Write "./plugins/a.ts" to load the file.  [PLUGIN_NOT_FOUND]"
    `);
  });

  test('a plugin that does not load, with the place in its code', async () => {
    expect(await complaint({ 'a.ts': 'export default 1 +;\n' }, './a.ts')).toMatchInlineSnapshot(`
      "The plugin ./a.ts cannot be loaded: Unexpected token. (<folder>/a.ts:1:18)
      Mend the syntax.  [PLUGIN_LOAD]"
    `);
    expect(
      await complaint(
        {
          'a.ts': `import { b } from './b.js';\nexport default b;`,
          'b.ts': 'type T = number;\nexport const b: T = 1;\nthrow new Error(`b is ${b}`);\n',
        },
        './a.ts',
      ),
    ).toMatchInlineSnapshot(`
      "The plugin ./a.ts cannot be loaded: b is 1. (<folder>/b.ts:3:7)
      [PLUGIN_LOAD]"
    `);
    expect(await complaint({ 'a.ts': `import './b.js';\n` }, './a.ts')).toMatchInlineSnapshot(`
      "The plugin ./a.ts cannot be loaded: there is no module "./b.js" (imported by <folder>/a.ts).
      Check the path of the import.  [PLUGIN_LOAD]"
    `);
    expect(await complaint({ 'a.ts': `import 'left-pad-that-is-not-there';\n` }, './a.ts')).toMatchInlineSnapshot(`
      "The plugin ./a.ts cannot be loaded: there is no module "left-pad-that-is-not-there" (imported by <folder>/a.ts).
      Run \`npm install left-pad-that-is-not-there\` beside the plugin.  [PLUGIN_LOAD]"
    `);
    expect(
      await complaint(
        { 'a.ts': `import { defineStag } from 'onnx-lathe/plugin';\n\nexport default defineStag({});\n` },
        './a.ts',
      ),
    ).toMatchInlineSnapshot(`
      "The plugin ./a.ts cannot be loaded: defineStag is not a function. (<folder>/a.ts:3:24)
      [PLUGIN_LOAD]"
    `);
  });

  test('a plugin without definitions', async () => {
    expect(
      await complaint({ 'a.ts': 'export default { name: "a" };\nexport const b = [1];' }, './a.ts'),
    ).toMatchInlineSnapshot(`
      "The plugin ./a.ts exports no stage, data set, network or observer.
      Export what defineStage, defineDataset, defineNetwork or defineObserver returns, as in \`export default defineStage({ … })\` in a.ts.  [PLUGIN_EMPTY]"
    `);
  });

  test('a malformed definition, with everything that is wrong', async () => {
    const code = `${IMPORT}export default [
  defineStage({ name: 'a b', options: { type: 'object', properties: { a: { minimun: 3 }, b: { type: 'strng' } } }, inputs: { x: 3 }, outputs: { m: { same: 'y' } }, metrics: { k: {} } }),
  defineDataset({ name: 'd', revision: 0, summary: 's', options: { type: 'object', properties: { a: { type: 'string', 'x-lathe': 'model' } } } }),
  defineNetwork({ name: 'n', revision: 1, summary: 's', options: { type: 'array' } }),
];`;
    expect((await complaint({ 'a.mjs': code }, './a.mjs')).replaceAll('; ', ';\n')).toMatchInlineSnapshot(`
      "The plugin ./a.mjs is malformed: stage "a b" has no name of letters, digits, ".", "-" and "_";
      stage "a b" has no revision, a whole number from 1 on;
      stage "a b" has no summary;
      stage "a b" has a bad options schema: /properties/b/type must be equal to one of the allowed values;
      input "x" of stage "a b" is neither 'model' nor { type: 'model', optional: true };
      output "m" of stage "a b" is neither 'model', { same: <one of its inputs> } nor { chosen: true };
      metric "k" of stage "a b" has no unit;
      stage "a b" does not say whether it computes: true or false;
      stage "a b" has no function run;
      data set "d" has no revision, a whole number from 1 on;
      data set "d" has x-lathe: "model" in its options;
      possible are file, folder;
      data set "d" has no function open;
      network "n" has no options, a JSON Schema with type: 'object';
      network "n" has no function build.
      [PLUGIN_DEFINITION]"
    `);
  });

  test('several plugins at once, each at its line of the recipe', async () => {
    const folder = temporaryFolder({ 'r.yaml': '' });
    const place = (line: number, source: string) =>
      ({ kind: 'text', file: join(folder, 'r.yaml'), line, column: 12, length: 6, source }) as const;
    const requests = [
      { specifier: './a.ts', place: place(2, 'plugins: [./a.ts,') },
      { specifier: './b.ts', place: place(3, '           ./b.ts]') },
    ];
    expect(await refusal(() => loadPlugins(requests, folder), folder)).toMatchInlineSnapshot(`
      "r.yaml:2:12 There is no plugin file <folder>/a.ts.
      plugins: [./a.ts,
                 ~~~~~~
      Check the path; it is relative to the recipe.  [PLUGIN_NOT_FOUND]

      r.yaml:3:12 There is no plugin file <folder>/b.ts.
                 ./b.ts]
                 ~~~~~~
      Check the path; it is relative to the recipe.  [PLUGIN_NOT_FOUND]"
    `);
  });

  test('two definitions of one name, at the line of the second', async () => {
    const folder = temporaryFolder({ 'a.mjs': `${IMPORT}export default ${stage('train')};` });
    const place = {
      kind: 'text',
      file: join(folder, 'r.yaml'),
      line: 2,
      column: 1,
      length: 1,
      source: '- ./a.mjs',
    } as const;
    const plugins = await loadPlugins([{ specifier: './a.mjs', place }], folder);
    expect(
      await refusal(async () => createRegistries({ stages: [fakeTrain], datasets: [], networks: [] }, plugins), folder),
    ).toMatchInlineSnapshot(`
      "r.yaml:2:1 Two plugins define a stage named "train".
      - ./a.mjs
      ~
      Rename one of them, or remove its line from plugins.  [REGISTRY_DUPLICATE]"
    `);
  });
});
