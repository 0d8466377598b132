import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../core/canonical-json.js';
import { type Place, UserError, UserErrors } from '../../core/errors.js';
import { complete } from '../../core/json-schema/complete.js';
import { schemaProblems } from '../../core/json-schema/problems.js';
import type { SchemaObject } from '../../core/json-schema/schema.js';
import { packageRoot } from '../../core/package-root.js';
import type { Path } from '../../core/path.js';
import { readBounded } from '../../core/read-bounded.js';
import { parseYaml } from '../../recipe/yaml-document.js';
import { guarded, systemCode } from '../storage-error.js';

/** What a project says of its remote cache in .lathe/config.yaml. */
export interface RemoteConfig {
  readonly url: string | null;
  readonly write: boolean;
  readonly publicKeys: readonly string[];
  /** For one lookup or upload, besides what its bytes may take; null for the default. */
  readonly timeoutMs: number | null;
  /** Where the value under a key of `remoteCache` stands. */
  place(...path: Path): Place;
}

/** @returns null if there is no such file or it says nothing of a remote cache. Throws UserErrors of code CONFIG_INVALID. */
export async function readRemoteConfig(recipeFolder: string): Promise<RemoteConfig | null> {
  const file = join(recipeFolder, '.lathe', 'config.yaml');
  const text = await guarded(file, () => readIfThere(file));
  if (text === null) {
    throw invalid(`${file} is no file, or has more than ${CONFIG_BYTES_MAX} bytes.`, '', { kind: 'file', file });
  }
  if (text === undefined || isBlank(text)) return null;
  const document = parsed(text, file);
  const schema = readSchema();
  const problems = schemaProblems(schema, document.value, (path) => ({
    noun: 'key',
    owner: path.length === 0 ? 'the configuration' : '"remoteCache"',
  }));
  if (problems.length > 0) {
    const toError = ({ kind, path, problem, fix }: (typeof problems)[number]) =>
      invalid(problem, fix, document.locate(path, kind === 'unknown-key' ? 'key' : 'value'));
    throw new UserErrors(problems.map(toError));
  }
  const { remoteCache } = complete(schema, document.value) as { remoteCache?: Json };
  if (remoteCache === undefined) return null;
  const config = remoteCache as { url?: string; write: boolean; publicKeys: string[]; timeout?: number };
  return {
    url: config.url ?? null,
    write: config.write,
    publicKeys: config.publicKeys,
    timeoutMs: config.timeout ?? null,
    place: (...path) => document.locate(['remoteCache', ...path]),
  };
}

const CONFIG_BYTES_MAX = 100_000;

async function readIfThere(file: string): Promise<string | null | undefined> {
  try {
    return await readBounded(file, CONFIG_BYTES_MAX);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw cause;
  }
}

function isBlank(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(?:#.*)?$/.test(line));
}

function parsed(text: string, file: string) {
  try {
    return parseYaml(text, file);
  } catch (error) {
    if (!(error instanceof UserErrors)) throw error;
    // The same mistakes as in a recipe, only in another file.
    const asConfig = (each: UserError) => invalid(each.problem, each.fix, each.place ?? { kind: 'file', file });
    throw new UserErrors(error.errors.map(asConfig));
  }
}

function invalid(problem: string, fix: string, place: Place): UserError {
  return new UserError('CONFIG_INVALID', problem, fix, { place, class: 'usage' });
}

function readSchema(): SchemaObject {
  return JSON.parse(readFileSync(join(packageRoot(), 'schemas', 'config.schema.json'), 'utf8')) as SchemaObject;
}
