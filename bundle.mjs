/**
 * Part of the build: joins the modules of the command line into few files under dist/bin, and keeps beside the largest
 * what V8 makes of it. To find, read and compile hundreds of modules takes longer than a run that finds everything in
 * the cache: docs/decisions/0003-start-up.md has the figures.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('.', import.meta.url));
const bin = `${root}dist/bin`;

if (process.argv[2] === '--warm-up') await keepCode();
else {
  await joinModules();
  // A process of its own: V8 keeps what has been compiled by then, and this one has compiled the bundler.
  execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--warm-up'], { stdio: 'inherit' });
}

async function joinModules() {
  const common = {
    platform: 'node',
    // Packages that find files of their own beside their code, and what few runs need.
    external: [/^onnxruntime-node/, /^sharp$/, /^jiti/, /^ajv/, /^onnx-lathe\/package\.json$/],
    resolve: { conditionNames: ['source', 'import', 'module', 'node', 'default'] },
    logLevel: 'silent',
  };
  const program = { ...common, input: { program: `${root}src/cli/lathe.ts`, child: `${root}src/cli/child.ts` } };
  const launcher = {
    ...common,
    input: { lathe: `${root}src/cli/start.ts`, 'load-program': `${root}src/cli/load-program.ts` },
  };
  const hot = await hotModules(program);
  const names = {
    format: 'cjs',
    dir: bin,
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunks/[name].cjs',
    // Node refuses import() in code that comes from V8's cache. All packages that stay outside can be required.
    dynamicImportInCjs: false,
  };
  const stamp = `/* ${randomBytes(16).toString('hex')} */`;
  const files = await write(program, {
    ...names,
    banner: ({ name }) => (name === 'hot' ? stamp : ''),
    codeSplitting: { groups: [{ name: 'hot', test: (id) => hot.has(id) }] },
  });
  await write(launcher, names);
  // Afterwards, and not all of them before: somebody may be running what is there.
  for (const name of readdirSync(`${bin}/chunks`)) {
    if (!files.includes(name.replace(/\.v8$/, ''))) rmSync(`${bin}/chunks/${name}`);
  }
  const validators = `${root}dist/validators.cjs`;
  writeFileSync(validators, `${stamp}\n${readFileSync(validators, 'utf8')}`);
}

async function write(options, output) {
  const bundle = await rolldown(options);
  const written = await bundle.write(output);
  await bundle.close();
  return written.output.map(({ fileName }) => basename(fileName));
}

/** The modules that every `lathe run` loads: what these three reach by static imports. */
async function hotModules(options) {
  const imports = new Map();
  const bundle = await rolldown({
    ...options,
    plugins: [{ name: 'imports', moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds) }],
  });
  await bundle.generate({ format: 'cjs' });
  await bundle.close();
  const hot = new Set();
  const queue = ['cli/lathe.ts', 'cli/commands/run.ts', 'report/table.ts'].map((file) => `${root}src/${file}`);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (hot.has(id)) continue;
    hot.add(id);
    queue.push(...(imports.get(id) ?? []));
  }
  return hot;
}

/** Makes a plan, so that the functions which that takes are compiled, and writes V8's code. */
async function keepCode() {
  const { loadProgram } = createRequire(import.meta.url)('./dist/bin/load-program.cjs');
  const { runProgram, keepCode } = loadProgram();
  const same = (text) => text;
  const paint = { good: same, bad: same, warn: same, dim: same, bold: same };
  const terminal = { out() {}, err() {}, isInteractive: false, paint };
  await runProgram(['plan', `${root}pipelines/digits.yaml`], terminal, {});
  keepCode();
}
