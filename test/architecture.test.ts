import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Rooms of src in the order of imports: a file imports its own room or one before it. See docs/architecture.md. */
const ROOMS = [
  'core',
  'onnx',
  'runtime',
  'autodiff',
  'data',
  'network',
  'train',
  'prune',
  'quantize',
  'transfer',
  'evaluate',
  'plugin',
  'recipe',
  'artifacts',
  'plan',
  'run',
  'report',
  'cli',
  'build',
];
/** Toolboxes that do not know each other. */
const TOOLBOXES = new Set(['train', 'prune', 'quantize', 'transfer', 'evaluate']);
/** Packages that one room alone may import. */
const RESERVED: Readonly<Record<string, string>> = { 'onnxruntime-node': 'runtime', listr2: 'cli', pino: 'cli' };
/** What the report may know: errors, digests, the run record. */
const REPORT_READS = new Set(['core', 'artifacts', 'report']);

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const DEPENDENCIES = new Set(
  Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).dependencies as object),
);

interface SourceFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const SOURCES = filesUnder('src');
const PLUGINS = filesUnder('plugins');

describe('imports', () => {
  it('every folder of src is a room with a place in the order', () => {
    const rooms = new Set(SOURCES.map((file) => roomOf(file.path)));
    expect([...rooms].filter((room) => !ROOMS.includes(room))).toEqual([]);
  });

  it('a file imports its own room or an earlier one', () => {
    expect(violations(SOURCES, (from, to) => ROOMS.indexOf(to) > ROOMS.indexOf(from))).toEqual([]);
  });

  it('the toolboxes do not import each other', () => {
    expect(violations(SOURCES, (from, to) => from !== to && TOOLBOXES.has(from) && TOOLBOXES.has(to))).toEqual([]);
  });

  it('the report reads the run record only', () => {
    expect(violations(SOURCES, (from, to) => from === 'report' && !REPORT_READS.has(to))).toEqual([]);
  });

  it('only the command line imports the built-in plugins', () => {
    const offenders = SOURCES.filter(
      (file) =>
        roomOf(file.path) !== 'cli' &&
        file.imports.some((specifier) => targetOf(file, specifier).startsWith('plugins/')),
    );
    expect(offenders.map((file) => file.path)).toEqual([]);
  });

  it('onnxruntime-node is imported by runtime alone, listr2 and pino by the command line alone', () => {
    const offenders = [...SOURCES, ...PLUGINS].flatMap((file) =>
      packagesOf(file)
        .filter((name) => RESERVED[name] !== undefined && RESERVED[name] !== roomOf(file.path))
        .map((name) => `${file.path} imports ${name}`),
    );
    expect(offenders).toEqual([]);
  });

  it('a plugin imports the public toolboxes, its own folder and Node, never src', () => {
    const offenders = PLUGINS.flatMap((file) =>
      file.imports
        .filter((specifier) => specifier.startsWith('.') && !targetOf(file, specifier).startsWith('plugins/'))
        .map((specifier) => `${file.path} imports ${specifier}`),
    );
    expect(offenders).toEqual([]);
  });

  it('src imports itself by relative paths', () => {
    const offenders = SOURCES.filter((file) => packagesOf(file).includes('onnx-lathe'));
    expect(offenders.map((file) => file.path)).toEqual([]);
  });

  it('every imported package is a dependency of ours', () => {
    const offenders = [...SOURCES, ...PLUGINS].flatMap((file) =>
      packagesOf(file)
        .filter((name) => name !== 'onnx-lathe' && !DEPENDENCIES.has(name))
        .map((name) => `${file.path} imports ${name}`),
    );
    expect(offenders).toEqual([]);
  });
});

describe('files', () => {
  it('only the command line writes to the terminal', () => {
    const offenders = [...SOURCES, ...PLUGINS].filter(
      (file) => roomOf(file.path) !== 'cli' && usesConsole(file.path, file.text),
    );
    expect(offenders.map((file) => file.path)).toEqual([]);
  });

  it('a file of more than 500 lines says why on top', () => {
    const offenders = [...SOURCES, ...PLUGINS].filter(
      ({ text }) => text.split('\n').length > 500 && !/^\/[/*]/.test(text),
    );
    expect(offenders.map((file) => file.path)).toEqual([]);
  });
});

function filesUnder(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      const imports = ts.preProcessFile(text, true, true).importedFiles.map((imported) => imported.fileName);
      return { path: relative(ROOT, path), text, imports };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The folder below src, or "plugins". */
function roomOf(path: string): string {
  const [top, room] = path.split('/');
  return top === 'src' ? room! : top!;
}

/** The imported file, relative to the repository; '' for a package. */
function targetOf(file: SourceFile, specifier: string): string {
  return specifier.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file.path), specifier)) : '';
}

function packagesOf(file: SourceFile): string[] {
  return file.imports
    .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}

/** Imports from one room of src to another that are forbidden, as "file imports specifier". */
function violations(files: readonly SourceFile[], isForbidden: (from: string, to: string) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((specifier) => {
        const target = targetOf(file, specifier);
        return target.startsWith('src/') && isForbidden(roomOf(file.path), roomOf(target));
      })
      .map((specifier) => `${file.path} imports ${specifier}`),
  );
}

/** True if the code calls console; a mention in a comment or a text does not count. */
function usesConsole(path: string, text: string): boolean {
  if (!text.includes('console')) return false;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  let isUsed = false;
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.expression.getText(source) === 'console') isUsed = true;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return isUsed;
}
