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
import { minify } from 'rolldown/utils';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = `${root}dist/bin`;

/** commander loads node:child_process, and with it Node's network, for commands in files of their own, which Lathe has not. */
const commanderWithoutProcesses = {
  name: 'commander-without-processes',
  transform(code, id) {
    if (!id.endsWith('/commander/lib/command.js')) return null;
    const [load, use] = ["const childProcess = require('node:child_process');", 'childProcess.spawn('];
    return code.replace(load, '').replaceAll(use, "require('node:child_process').spawn(");
  },
};

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
    plugins: [commanderWithoutProcesses],
  };
  const program = { ...common, input: { program: `${root}src/cli/lathe.ts` } };
  const jobs = { ...common, input: { jobs: `${root}src/cli/child.ts` } };
  const launcher = {
    ...common,
    input: {
      lathe: `${root}src/cli/start.ts`,
      child: `${root}src/cli/start-child.ts`,
      'load-program': `${root}src/cli/load-program.ts`,
    },
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
  // In one file: nearly every stage loads nearly all that stages share.
  await write(jobs, { ...names, banner: stamp, codeSplitting: false });
  await write(launcher, names);
  // Afterwards, and not all of them before: somebody may be running what is there.
  for (const name of readdirSync(`${bin}/chunks`)) {
    if (!files.includes(name.replace(/\.v8$/, ''))) rmSync(`${bin}/chunks/${name}`);
  }
  const validators = `${root}dist/validators.cjs`;
  const source = withoutDetails(withoutRequire(readFileSync(validators, 'utf8')));
  const { code } = await minify('validators.cjs', source, { mangle: false });
  writeFileSync(validators, `${stamp}\n${inAscii(code)}`);
  for (const file of [`${bin}/chunks/hot.cjs`, `${bin}/jobs.cjs`]) {
    writeFileSync(file, inAscii(readFileSync(file, 'utf8')));
  }
}

/**
 * Validators that say where a value does not fit and not why: nobody asks ajv for that (schemaProblems explains), and it is a third of
 * the code. What is not written as ajv writes it today stays.
 */
function withoutDetails(code) {
  return code.replaceAll(/,schemaPath:"[^"]*",keyword:"[^"]*",params:\{[^{}]*\}/g, '');
}

/** ajv's count of characters is loaded from ajv, which takes as long as some validators. */
function withoutRequire(code) {
  return code.replaceAll('require("ajv/dist/runtime/ucs2length").default', '((text) => [...text].length)');
}

/** V8 keeps a text in half the space, and reads it faster, if it has no character beyond Latin-1. In code, they can all be escaped. */
function inAscii(code) {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
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
    plugins: [
      ...options.plugins,
      { name: 'imports', moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds) },
    ],
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

/** Runs recipes, so that the functions which that takes are compiled, and writes V8's code. */
async function keepCode() {
  const { loadProgram, hasKeptCode } = createRequire(import.meta.url)(`${bin}/load-program.cjs`);
  const { runProgram, keepCode } = loadProgram();
  const { warmUp, warmUpJobs } = await import('./warm-up.mjs');
  await warmUp(runProgram);
  keepCode();
  await warmUpJobs(`${root}src/build/warm-up-child.cjs`);
  // None is kept where Node is too old for it.
  if (hasKeptCode(`${bin}/chunks/hot.cjs`) && !hasKeptCode(`${bin}/jobs.cjs`)) {
    throw new Error("V8's code of jobs.cjs was not kept: the process of the warm-up did not end by itself");
  }
}
