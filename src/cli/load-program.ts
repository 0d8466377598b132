import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';

/** What the joined command line gives: dist/bin/program.cjs. */
export type Program = typeof import('./lathe.js');

export interface LoadedProgram extends Program {
  /** Writes what V8 has made of the code so far beside it, for the next start. Part of the build. */
  keepCode(): void;
}

/**
 * Loads the joined command line (dist/bin, made by build/bundle.mjs) with the code that V8 made of it while it was built: to
 * compile it again would take longer than a run that finds everything in the cache. V8 itself refuses code of another
 * version or with other flags, which then costs the compilation. See docs/decisions/0003-start-up.md.
 */
export function loadProgram(): LoadedProgram {
  const folder = import.meta.dirname;
  const require = createRequire(join(folder, 'program.cjs'));
  const scripts = new Map<string, Script>();
  for (const file of [join(folder, '..', 'validators.cjs'), join(folder, 'chunks', 'hot.cjs')]) {
    const script = loadWithCode(file, require);
    if (script !== undefined) scripts.set(file, script);
  }
  return {
    ...(require('./program.cjs') as Program),
    keepCode() {
      for (const [file, script] of scripts) writeCode(file, script);
    },
  };
}

/** Runs what the process of a stage does (dist/bin/jobs.cjs) in the same way. */
export function loadJobs(): Pick<LoadedProgram, 'keepCode'> {
  const file = join(import.meta.dirname, 'jobs.cjs');
  const require = createRequire(file);
  const script = loadWithCode(file, require);
  if (script === undefined) require(file);
  return {
    keepCode() {
      if (script !== undefined) writeCode(file, script);
    },
  };
}

function writeCode(file: string, script: Script): void {
  writeFileSync(codeFile(file), Buffer.concat([stampOf(readFileSync(file)), script.createCachedData()]));
}

/** Runs a CommonJS file as `require` does and enters it among the loaded modules. Undefined where Node is too old for it. */
function loadWithCode(file: string, require: NodeJS.Require): Script | undefined {
  const importModuleDynamically = constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  if (importModuleDynamically === undefined) return undefined;
  // In ASCII, see build/bundle.mjs.
  const source = readFileSync(file);
  const cachedData = keptCode(file, source);
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${source.toString('latin1')}\n})`,
    { filename: file, importModuleDynamically, ...(cachedData === undefined ? {} : { cachedData }) },
  );
  const module = { id: file, filename: file, exports: {}, loaded: true, children: [], paths: [] };
  require.cache[file] = module as unknown as NodeJS.Module;
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return script;
}

function codeFile(file: string): string {
  return `${file}.v8`;
}

/** Whether a file has code beside it that was made of it as it is. */
export function hasKeptCode(file: string): boolean {
  return keptCode(file, readFileSync(file)) !== undefined;
}

function keptCode(file: string, source: Buffer): Buffer | undefined {
  let code: Buffer;
  try {
    code = readFileSync(codeFile(file));
  } catch {
    return undefined; // not built with it: compiled anew
  }
  return stampOf(code).equals(stampOf(source)) ? code.subarray(STAMP_BYTES) : undefined;
}

/** V8 tells sources apart by their length alone. The build begins each with a comment that no other build has. */
function stampOf(bytes: Buffer): Buffer {
  return bytes.subarray(0, STAMP_BYTES);
}

const STAMP_BYTES = '/* 0123456789abcdef0123456789abcdef */'.length;
