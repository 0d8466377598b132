import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { digestOf, sha256 } from '../core/hash.js';
import { packageRoot } from '../core/package-root.js';
import type { PluginContent } from './identity.js';
import { scanImports } from './import-scan.js';

const EXTENSIONS = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx', '.json'];

export interface PluginCode {
  /** Covers every local file by content and place relative to the entry, and every package by name and version. */
  readonly digest: string;
  readonly content: PluginContent;
  /** Absolute paths, the entry first. */
  readonly files: readonly string[];
  /** Specifiers that are imported when the code is loaded. */
  readonly staticImports: ReadonlySet<string>;
}

/**
 * What a plugin consists of: its entry, the local files that it imports directly or not, the packages that those name.
 * @param entry absolute path of an existing file
 */
export function readPluginCode(entry: string): PluginCode {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const staticImports = new Set<string>();
  const queue = [entry];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (files.has(file)) continue;
    const content = readFileSync(file);
    files.set(file, sha256(content));
    if (!EXTENSIONS.includes(extname(file)) || extname(file) === '.json') continue;
    const { relative: local, bare, bareStatic } = scanImports(content.toString('utf8'));
    for (const specifier of local) queue.push(...localFiles(specifier, dirname(file)));
    for (const specifier of bareStatic) staticImports.add(specifier);
    for (const specifier of bare) {
      const found = namedPackage(specifier, file);
      if (found?.kind === 'package') packages.add(found.name);
      if (found?.kind === 'file') queue.push(found.file);
    }
  }
  const folder = dirname(entry);
  const placed = [...files]
    .map(([file, content]) => [file === entry ? '.' : portable(relative(folder, file)), content] as const)
    .sort(byFirst);
  const digest = digestOf({ files: placed, packages: [...packages].sort() });
  const content = { files: Object.fromEntries(placed), packages: versionsByName(packages) };
  return { digest, content, files: [...files.keys()], staticImports };
}

/** Every file that a relative specifier may mean, as resolvers differ in what they prefer; a folder without index means its code. */
export function localFiles(specifier: string, folder: string): string[] {
  const base = resolve(folder, specifier);
  const withoutExtension = base.replace(/\.([mc]?)jsx?$/, '.$1ts');
  const candidates = [
    base,
    withoutExtension,
    `${withoutExtension}x`,
    ...EXTENSIONS.map((extension) => base + extension),
  ];
  if (isFolder(base)) {
    const index = EXTENSIONS.map((extension) => join(base, `index${extension}`)).filter(isFile);
    candidates.push(...(index.length > 0 ? index : codeIn(base)));
  }
  return [...new Set(candidates.filter(isFile))];
}

type Named = { readonly kind: 'package'; readonly name: string } | { readonly kind: 'file'; readonly file: string };

/** "name@version" of the package that a specifier names, or the local file that `imports` of package.json maps it to. */
function namedPackage(specifier: string, file: string): Named | undefined {
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return undefined;
  if (specifier.startsWith('/')) return isFile(specifier) ? { kind: 'file', file: specifier } : undefined;
  if (specifier.startsWith('#')) {
    try {
      const target = createRequire(file).resolve(specifier);
      return target.includes(`${sep}node_modules${sep}`) ? undefined : { kind: 'file', file: target };
    } catch {
      return undefined; // loading the plugin says what is wrong
    }
  }
  const name = packageName(specifier);
  const folder = name === 'onnx-lathe' ? packageRoot() : packageFolder(name, dirname(file));
  return folder === undefined ? undefined : { kind: 'package', name: `${name}@${versionIn(folder)}` };
}

/** "@scope/name" or "name" of a specifier such as "name/sub". */
export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The folder of an installed package, as seen from another folder. */
export function packageFolder(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

export function versionIn(folder: string): string {
  return String((JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: unknown }).version);
}

/** @param packages "name@version"; one that is there in two versions has both */
function versionsByName(packages: ReadonlySet<string>): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const each of [...packages].sort()) {
    const at = each.lastIndexOf('@');
    const [name, version] = [each.slice(0, at), each.slice(at + 1)];
    versions[name] = versions[name] === undefined ? version : `${versions[name]}, ${version}`;
  }
  return versions;
}

function codeIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => EXTENSIONS.includes(extname(name)))
    .map((name) => join(folder, name));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function portable(path: string): string {
  return path.split(sep).join('/');
}

function byFirst(a: readonly (string | undefined)[], b: readonly (string | undefined)[]): number {
  return a[0]! < b[0]! ? -1 : 1;
}
