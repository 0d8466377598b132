import { constants } from 'node:fs';
import { access, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../core/errors.js';
import { digestOf, sha256File } from '../core/hash.js';
import { isInside } from '../core/is-inside.js';
import { nearest } from '../core/nearest.js';
import type { AllowedPaths } from './allowed-paths.js';
import { Contents } from './contents.js';

/** Content digests of files and folders; each is read once, however often it is asked for. */
export class Digests {
  /** What the digests of folders stand for, and whatever others note. */
  readonly contents = new Contents();
  private readonly known = new Map<string, Promise<string>>();

  /**
   * @param hashFile SHA-256 of a file's content; replaced where a cache of digests exists
   * @param paths where links inside folders may lead; default anywhere
   */
  constructor(
    private readonly hashFile: (path: string) => Promise<string> = sha256File,
    private readonly paths?: AllowedPaths,
  ) {}

  /** Throws PLAN_FILE if the file cannot be read after all. */
  file(path: string): Promise<string> {
    return this.once(`file ${path}`, async () => {
      try {
        return await this.hashFile(path);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new UserError('PLAN_FILE', `The file ${path} cannot be read: ${reason}.`, '', { cause, class: 'usage' });
      }
    });
  }

  /** Names and contents of all files below a folder; links are followed, names count, order and times do not. Throws PLAN_FILE, PLAN_FOLDER_LOOP, RECIPE_PATH. */
  folder(path: string): Promise<string> {
    return this.once(`folder ${path}`, async () => {
      const files = await filesBelow(path, (link) => this.paths?.checkLink(link));
      const entries: [string, string][] = [];
      for (const file of files) entries.push([file, await this.file(join(path, file))]);
      return this.contents.note(digestOf({ folder: entries }), { files: Object.fromEntries(entries) });
    });
  }

  /** An ONNX file together with the files beside it that it keeps its tensors in. */
  model(path: string): Promise<string> {
    return this.once(`model ${path}`, async () => {
      const names = await externalDataNames(path);
      const digest = await this.file(path);
      if (names.length === 0) return digest;
      const external: [string, string][] = [];
      for (const name of names) external.push([name, await this.file(join(dirname(path), name))]);
      return digestOf({ model: digest, external });
    });
  }

  private once(key: string, compute: () => Promise<string>): Promise<string> {
    const known = this.known.get(key) ?? compute();
    this.known.set(key, known);
    return known;
  }
}

/** Why a path cannot be read as a file or a folder, without a place; undefined if it can. */
export async function pathProblem(
  path: string,
  written: string,
  kind: 'file' | 'folder',
): Promise<{ readonly problem: string; readonly fix: string } | undefined> {
  try {
    const found = await stat(path);
    await access(path, constants.R_OK);
    if (!found.isFile() && !found.isDirectory()) {
      // To open a named pipe would wait for whoever writes to it; a device may have no end.
      return { problem: `"${written}" is neither a file nor a folder.`, fix: '' };
    }
    if (kind === 'file' && found.isDirectory()) return { problem: `"${written}" is a folder, not a file.`, fix: '' };
    if (kind === 'folder' && !found.isDirectory()) return { problem: `"${written}" is a file, not a folder.`, fix: '' };
    return undefined;
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === 'EACCES') return { problem: `"${written}" may not be read: permission denied.`, fix: '' };
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      // Names that are too long, links in a circle, a disk that fails.
      return { problem: `"${written}" cannot be read: ${(cause as Error).message}.`, fix: '' };
    }
    const siblings = await readdir(dirname(path)).catch(() => undefined);
    const match = siblings === undefined ? undefined : nearest(basename(path), siblings);
    const fix =
      siblings === undefined
        ? `There is no folder ${dirname(path)} either.`
        : match === undefined
          ? 'Check the path; it is relative to the recipe.'
          : `Did you mean "${written.slice(0, written.length - basename(path).length)}${match}"?`;
    return { problem: `There is no ${kind} ${path}.`, fix };
  }
}

async function filesBelow(root: string, checkLink: (path: string) => void): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string, prefix: string, above: readonly string[]): Promise<void> => {
    const real = await realpath(folder);
    if (above.includes(real)) {
      throw new UserError(
        'PLAN_FOLDER_LOOP',
        `The folder ${root} contains itself through a link.`,
        'Remove the link.',
        {
          class: 'usage',
        },
      );
    }
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { name } = entry;
      const path = join(folder, name);
      if (entry.isSymbolicLink()) checkLink(path);
      const target = await stat(path);
      if (target.isDirectory()) await visit(path, `${prefix}${name}/`, [...above, real]);
      else if (target.isFile()) found.push(`${prefix}${name}`);
      else
        throw new UserError('PLAN_FILE', `${path} is neither a file nor a folder.`, 'Remove it.', { class: 'usage' });
    }
  };
  await visit(root, '', []);
  return found.sort();
}

/** Above this an ONNX file has its tensors inside: a file that points elsewhere holds the graph alone. */
const GRAPH_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Names of existing files that a model's `external_data` entries may mean. Reads the bytes of the entry
 * (key "location", then the name) instead of parsing: a name too many does no harm in a digest. Sorted.
 */
export async function externalDataNames(path: string): Promise<string[]> {
  if ((await stat(path)).size > GRAPH_BYTES_MAX) return [];
  const bytes = await readFile(path);
  const mark = Buffer.from('\x0a\x08location\x12', 'latin1');
  const names = new Set<string>();
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    // A length from 128 on has its lower seven bits first.
    const [low = 0, high = 0] = bytes.subarray(at + mark.length, at + mark.length + 2);
    const start = at + mark.length + (low < 128 ? 1 : 2);
    const name = bytes.toString('utf8', start, start + (low < 128 ? low : (low & 127) + 128 * high));
    if (name !== '' && !name.includes('\0')) names.add(name);
  }
  const root = await realpath(dirname(path));
  const isThere = async (name: string) => {
    // What a link leads to elsewhere is refused when the model is read.
    const real = await realpath(join(root, name)).catch(() => '');
    return real !== '' && isInside(root, real) && (await stat(real)).isFile();
  };
  const existing = await Promise.all([...names].map(isThere));
  return [...names].filter((_, index) => existing[index]).sort();
}
