import { relative } from 'node:path';
import type { Json } from '../core/canonical-json.js';
import { isUserError, UserError } from '../core/errors.js';
import { digestOf } from '../core/hash.js';
import type { Judge } from '../core/json-schema/judge.js';
import type { Path } from '../core/path.js';
import type { Registry } from '../core/registry.js';
import type { OptionsSchema } from '../core/schema.js';
import { LAYERS_REVISION, LAYERS_SCHEMA } from '../network/layers.js';
import type { PluginIdentity } from '../plugin/identity.js';
import type { Registries } from '../plugin/registries.js';
import { schemaErrors } from '../recipe/errors.js';
import type { NetworkDeclaration, Recipe } from '../recipe/recipe.js';
import type { AllowedPaths } from './allowed-paths.js';
import { type Digests, pathProblem } from './digests.js';
import { type Options, type ResolvedOptions, replaceAt, resolveOptions, withoutAt } from './options.js';
import type { ResolvedNetwork, ResolvedUse } from './plan.js';

/** What a recipe declares beside its stages, checked; nothing is hashed before it is used. */
export interface Declarations {
  /** Declared names; undefined under a name whose declaration is at fault. */
  readonly data: ReadonlyMap<string, (() => Promise<ResolvedUse>) | undefined>;
  readonly networks: ReadonlyMap<string, (() => Promise<ResolvedNetwork>) | undefined>;
  readonly models: ReadonlyMap<string, (() => Promise<string>) | undefined>;
}

export interface DeclarationsRequest {
  readonly recipe: Recipe;
  readonly registries: Registries;
  readonly judge: Judge;
  readonly digests: Digests;
  readonly paths: AllowedPaths;
  readonly problems: UserError[];
}

/** Checks data, networks and models: readers, options and files must exist. */
export async function checkDeclarations(request: DeclarationsRequest): Promise<Declarations> {
  const { recipe } = request;
  const data = new Map<string, (() => Promise<ResolvedUse>) | undefined>();
  for (const [name, { uses, with: written }] of Object.entries(recipe.data)) {
    data.set(name, await checkUse(request, request.registries.datasets, uses, written, ['data', name]));
  }
  return { data, networks: await checkNetworks(request), models: await checkModels(request) };
}

interface Definition {
  readonly name: string;
  readonly revision: number;
  readonly options: OptionsSchema;
}

/** A definition with its options; undefined if either is at fault. */
async function checkUse<T extends Definition>(
  request: DeclarationsRequest,
  registry: Registry<T>,
  uses: string,
  written: Options,
  path: Path,
): Promise<(() => Promise<ResolvedUse>) | undefined> {
  const { recipe, judge, problems, registries, digests, paths } = request;
  const definition = registry.get(uses);
  if (definition === undefined) {
    problems.push(
      new UserError('PLAN_UNKNOWN_USES', `There is no ${registry.noun} "${uses}".`, registry.suggestion(uses), {
        place: recipe.locate([...path, 'uses']),
        class: 'usage',
      }),
    );
    return undefined;
  }
  const at = [...path, 'with'];
  const schema = definition.options as never;
  const resolved = await resolveOptions({ recipe, judge, paths, owner: uses, schema, written, path: at, problems });
  if (resolved === null) return undefined;
  const plugin = registries.identityOf(definition as never);
  return once(() => placed(recipe, at, resolveUse(definition, plugin, resolved, digests)));
}

/** The result, or its UserError with the place of what it came from. */
export async function placed<T>(recipe: Recipe, path: Path, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw isUserError(error) ? error.at(recipe.locate(path)) : error;
  }
}

async function resolveUse(
  definition: Definition,
  plugin: PluginIdentity,
  { options, references, keyless }: ResolvedOptions,
  digests: Digests,
): Promise<ResolvedUse> {
  const replaced: [Path, Json][] = [];
  for (const { kind, path, name } of references) {
    replaced.push([path, { [kind]: await (kind === 'folder' ? digests.folder(name) : digests.file(name)) }]);
  }
  const content = {
    uses: definition.name,
    revision: definition.revision,
    code: digests.contents.notePlugin(plugin),
    options: withoutAt(replaceAt(options, replaced), keyless),
  };
  const digest = digests.contents.note(digestOf(content), content);
  return { uses: definition.name, options, plugin, digest };
}

async function checkNetworks(request: DeclarationsRequest): Promise<Declarations['networks']> {
  const { recipe, registries, digests } = request;
  const networks = new Map<string, (() => Promise<ResolvedNetwork>) | undefined>();
  for (const [name, network] of Object.entries(recipe.networks)) {
    if (network.kind === 'layers') networks.set(name, checkLayers(request, name, network));
    else if (network.kind === 'file') {
      const { file } = network;
      const isThere = await checkFile(request, file, ['networks', name, 'file']);
      networks.set(
        name,
        isThere
          ? async () => ({
              kind: 'file',
              file,
              digest: await placed(recipe, ['networks', name, 'file'], digests.model(file)),
            })
          : undefined,
      );
    } else {
      const use = await checkUse(request, registries.networks, network.uses, network.with, ['networks', name]);
      networks.set(name, use === undefined ? undefined : async () => ({ kind: 'uses', ...(await use()) }));
    }
  }
  return networks;
}

function checkLayers(
  { recipe, judge, problems, digests }: DeclarationsRequest,
  name: string,
  { layers, input }: NetworkDeclaration & { kind: 'layers' },
): (() => Promise<ResolvedNetwork>) | undefined {
  const found = judge.problems(LAYERS_SCHEMA, layers, (path) => {
    const last = path[path.length - 1];
    return typeof last === 'string' ? { noun: 'option', owner: last } : { noun: 'kind', owner: 'layer' };
  });
  const at = ['networks', name, 'layers'];
  problems.push(...schemaErrors(found, (path, target) => recipe.locate([...at, ...path], target)));
  if (found.length > 0) return undefined;
  const content = {
    revision: LAYERS_REVISION,
    layers: [...layers],
    input: input === null ? null : [...input],
  };
  const digest = digests.contents.note(digestOf(content), content);
  return async () => ({ kind: 'layers', layers, input, digest });
}

/** A network that the recipe does not declare: one of the zoo or of a plugin, with its defaults. */
export async function undeclaredNetwork(
  request: DeclarationsRequest,
  name: string,
  path: Path,
): Promise<(() => Promise<ResolvedNetwork>) | undefined> {
  const { judge, recipe, registries, digests, paths, problems } = request;
  const definition = registries.networks.get(name);
  if (definition === undefined) return undefined;
  const schema = definition.options as never;
  const resolved = await resolveOptions({ recipe, judge, paths, owner: name, schema, written: {}, path, problems });
  if (resolved === null) return undefined;
  const plugin = registries.identityOf(definition);
  return once(async () => ({
    kind: 'uses',
    ...(await resolveUse(definition, plugin, resolved, digests)),
  }));
}

async function checkModels(request: DeclarationsRequest): Promise<Declarations['models']> {
  const { recipe, digests } = request;
  const models = new Map<string, (() => Promise<string>) | undefined>();
  for (const [name, { file, sha256 }] of Object.entries(recipe.models)) {
    const isThere = await checkFile(request, file, ['models', name, 'file']);
    const check = async () => {
      const content = await digests.file(file);
      if (sha256 === null || sha256 === content) return digests.model(file);
      throw new UserError(
        'PLAN_MODEL_CHANGED',
        `The model "${name}" is not the one that the recipe means: the SHA-256 of ${file} is ${content}.`,
        'Fetch the right file, or write the new digest if the change is wanted.',
        { place: recipe.locate(['models', name, 'sha256']), class: 'usage' },
      );
    };
    models.set(name, isThere ? once(() => placed(recipe, ['models', name, 'file'], check())) : undefined);
  }
  return models;
}

async function checkFile({ recipe, paths, problems }: DeclarationsRequest, file: string, path: Path): Promise<boolean> {
  const place = recipe.locate(path);
  const outside = paths.refusal(file, 'file', place);
  if (outside !== undefined) {
    problems.push(outside);
    return false;
  }
  const problem = await pathProblem(file, relative(recipe.folder, file), 'file');
  if (problem === undefined) return true;
  problems.push(new UserError('PLAN_FILE', problem.problem, problem.fix, { place, class: 'usage' }));
  return false;
}

function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= compute();
    return result;
  };
}
