// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPluginCode } from '../../src/plugin/code-digest.js';
import { lathe, TOY_PLUGIN } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A stranger's recipe beside things that are none of its business. */
function stranger(recipe: string, files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const root = temporaryFolder({ 'their/recipe.yaml': recipe, 'mine/secret.csv': 'a,label\n1,0\n2,1\n', ...files });
  const cwd = join(root, 'their');
  const state = join(root, 'state');
  const run = (...argv: string[]) =>
    lathe(argv, { cwd, env: { LATHE_ALLOW_PATH: '', XDG_STATE_HOME: state, HOME: join(root, 'home') } });
  return { root, cwd, run };
}

const TABLE = (file: string) => `version: 1
data:
  table: { uses: csv, with: { train: ${file} } }
networks:
  net: { layers: [{ linear: 2 }] }
stages:
  - { id: base, uses: train, with: { network: net, data: table } }
`;

const TOY = `version: 1
plugins: [./toy.ts]
stages:
  - { id: base, uses: toy-make }
`;

const COMMANDS = [['run'], ['plan'], ['status'], ['explain', 'base'], ['verify']];

describe('a path outside of the recipe is refused at its place', () => {
  test.each(COMMANDS)('%s', async (...argv) => {
    const { root, run } = stranger(TABLE('../mine/secret.csv'));
    const { code, stderr, stdout } = await run(...argv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(
      stderr.replaceAll(root, '<root>'),
    ).toBe(`recipe.yaml:3:38 <root>/mine/secret.csv is outside of the folders that this recipe may read.
  table: { uses: csv, with: { train: ../mine/secret.csv } }
                                     ~~~~~~~~~~~~~~~~~~
If you trust it, run it with --allow-path <root>/mine as well.  [RECIPE_PATH]
`);
  });

  test('and read once the user allows it, by the option or the variable', async () => {
    const { root, cwd, run } = stranger(TABLE('../mine/secret.csv'));
    for (const argv of COMMANDS.slice(1, 4)) {
      expect(await run(...argv, '--allow-path', '../mine')).toMatchObject({ code: 0, stderr: '' });
    }
    const env = { LATHE_ALLOW_PATH: `/nowhere:${root}/mine` };
    expect(await lathe(['plan'], { cwd, env })).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['a link to a file', (cwd: string) => symlinkSync('../mine/secret.csv', join(cwd, 'own.csv')), TABLE('own.csv')],
    ['a link to a folder', (cwd: string) => symlinkSync('../mine', join(cwd, 'own')), TABLE('own/secret.csv')],
    ['dots after a folder of its own', (cwd: string) => mkdirSync(join(cwd, 'a')), TABLE('a/../../mine/secret.csv')],
    ['an absolute path', () => {}, TABLE('/etc/passwd')],
    ['a home that the environment names', () => {}, `${TABLE('"${{ env.HOME }}/secret.csv"')}env: { hash: [HOME] }\n`],
    [
      'a link inside a folder of images',
      (cwd: string) => {
        mkdirSync(join(cwd, 'images/cat'), { recursive: true });
        symlinkSync('../../../mine/secret.csv', join(cwd, 'images/cat/1.png'));
      },
      TABLE('x').replace('csv, with: { train: x }', 'images, with: { train: images }'),
    ],
    [
      'a model',
      () => {},
      'version: 1\nmodels: { m: { file: ../mine/secret.csv } }\nstages: [{ id: p, uses: prune, from: m, with: { keep: 0.5 } }]\n',
    ],
    ['a network', () => {}, TABLE('x').replace('{ layers: [{ linear: 2 }] }', '{ file: ../mine/secret.csv }')],
    ['a plugin', () => {}, TOY.replace('./toy.ts', '../mine/secret.csv')],
    ['an export', () => {}, `${TOY}exports: { model: { from: base, to: ../mine/secret.csv } }\n`],
  ])('%s', async (_, prepare, recipe) => {
    const { root, cwd, run } = stranger(recipe, { 'their/toy.ts': readFileSync(TOY_PLUGIN) });
    prepare(cwd);
    const { code, stderr } = await run('run');
    expect(code).toBe(2);
    expect(stderr).toMatch(/recipe\.yaml:\d+:\d+ .*\n(?:.*\n)+.*--allow-path \S+ as well\. {2}\[RECIPE_PATH\]/);
    expect(readFileSync(join(root, 'mine/secret.csv'), 'utf8')).toBe('a,label\n1,0\n2,1\n');
  });

  test('a pipe that nobody writes to is refused instead of waited for', async () => {
    const { cwd, run } = stranger(TABLE('pipe.csv'));
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [join(cwd, 'pipe.csv')]);
    const { code, stderr } = await run('plan');
    expect(code).toBe(2);
    expect(stderr).toContain('"pipe.csv" is neither a file nor a folder.\n');
  });
});

describe('code that does not come with Lathe', () => {
  const withToy = { 'their/toy.ts': readFileSync(TOY_PLUGIN) };

  test.each([...COMMANDS.slice(0, 4), ['plugins', '--recipe', 'recipe.yaml'], ['schema', '--recipe', 'recipe.yaml']])(
    'is announced before it runs, by %s',
    async (...argv) => {
      const { cwd, run } = stranger(TOY, withToy);
      const { digest } = readPluginCode(join(cwd, 'toy.ts'));
      const first = await run(...argv);
      expect(first.code).toBe(0);
      expect(first.stderr).toBe(
        `recipe.yaml loads the plugin toy.ts (SHA-256 ${digest}): code that can do what you can do. This is told once; --no-local-plugins forbids it.\n`,
      );
      expect(await run(...argv)).toMatchObject({ code: 0, stderr: '' });
    },
  );

  test('is announced again when it changed, also in a file that it imports, and whatever recipe names it', async () => {
    const imports = `import './helper.ts';\n${readFileSync(TOY_PLUGIN, 'utf8')}`;
    const { cwd, run } = stranger(TOY, {
      'their/toy.ts': imports,
      'their/helper.ts': 'export {};\n',
      'their/b.yaml': TOY,
    });
    expect((await run('plan')).stderr).toContain('loads the plugin toy.ts');
    expect((await run('plan', 'b.yaml')).stderr).toBe('');
    writeFileSync(join(cwd, 'helper.ts'), 'export const x = 1;\n');
    expect((await run('plan')).stderr).toContain('loads the plugin toy.ts');
  });

  test('is announced on standard error, apart from what --json prints', async () => {
    const { run } = stranger(TOY, withToy);
    const { stdout, stderr } = await run('run', '--json', '--log-level', 'silent');
    expect(JSON.parse(stdout).status).toBe('succeeded');
    expect(stderr).toContain('loads the plugin toy.ts');
  });

  test.each([...COMMANDS, ['plugins', '--recipe', 'recipe.yaml'], ['schema', '--recipe', 'recipe.yaml']])(
    'does not run with --no-local-plugins: %s',
    async (...argv) => {
      const { cwd, run } = stranger(TOY, {
        'their/toy.ts': `import { writeFileSync } from 'node:fs';\nwriteFileSync('it-ran', '');\n${readFileSync(TOY_PLUGIN, 'utf8')}`,
      });
      const { code, stderr } = await run(...argv, '--no-local-plugins');
      expect(code).toBe(2);
      expect(stderr).toContain(
        `recipe.yaml:2:11 The recipe names the plugin ./toy.ts, and --no-local-plugins forbids code`,
      );
      expect(stderr).toContain('[PLUGIN_FORBIDDEN]');
      expect(existsSync(join(cwd, 'it-ran'))).toBe(false);
    },
  );

  test('is a package as well: a stranger may send a node_modules along', async () => {
    const recipe = TOY.replace('./toy.ts', 'evil');
    const { run } = stranger(recipe, {
      'their/node_modules/evil/package.json': '{ "name": "evil", "version": "1.0.0", "main": "toy.ts" }',
      'their/node_modules/evil/toy.ts': readFileSync(TOY_PLUGIN),
    });
    expect((await run('plan')).stderr).toContain('recipe.yaml loads the plugin node_modules/evil/toy.ts (SHA-256 ');
    expect((await run('plan', '--no-local-plugins')).stderr).toContain('[PLUGIN_FORBIDDEN]');
  });

  test('a recipe without plugins needs none of this', async () => {
    const { run } = stranger(TABLE('own.csv'), { 'their/own.csv': 'a,label\n1,0\n2,1\n' });
    expect(await run('plan', '--no-local-plugins')).toMatchObject({ code: 0, stderr: '' });
  });
});
