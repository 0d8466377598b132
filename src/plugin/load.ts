import { basename } from 'node:path';
import { isUserError, type Place, UserError, UserErrors } from '../core/errors.js';
import { digestOf } from '../core/hash.js';
import { type DatasetDefinition, isDatasetDefinition } from '../data/dataset.js';
import { isNetworkDefinition, type NetworkDefinition } from '../network/network.js';
import { type PluginCode, readPluginCode } from './code-digest.js';
import { definitionFaults } from './definition-faults.js';
import { virtualEntryPoints } from './entry-points.js';
import { findPlugin } from './find-plugin.js';
import type { ExternalPlugin } from './identity.js';
import { describeLoadFailure } from './load-failure.js';
import { isObserverDefinition, type ObserverDefinition } from './observer.js';
import { isStageDefinition, type StageDefinition } from './stage.js';

/** A plugin as a recipe asks for it. */
export interface PluginRequest {
  /** './file.ts', an absolute path or a package name. */
  readonly specifier: string;
  /** Where the recipe says so; part of the errors. */
  readonly place?: Place;
  /** That of a plugin which was loaded before and found in order: it must not have changed, and is not examined again. */
  readonly digest?: string;
}

/** A plugin whose code is about to be loaded, and so to be executed. */
export interface FoundCode {
  readonly request: PluginRequest;
  /** Absolute path, links followed. */
  readonly entry: string;
  readonly digest: string;
}

export interface LoadedPlugin {
  readonly place: Place | null;
  readonly identity: ExternalPlugin;
  readonly stages: readonly StageDefinition[];
  readonly datasets: readonly DatasetDefinition[];
  readonly networks: readonly NetworkDefinition[];
  readonly observers: readonly ObserverDefinition[];
}

/**
 * Loads a recipe's plugins, in TypeScript or JavaScript; their `onnx-lathe/…` imports get the modules of this Lathe.
 * A module may export one definition or a list as default, and further ones by name.
 * @param folder what relative paths and package names are resolved from
 * @param beforeLoading told of each plugin before its code runs; what it throws keeps the code from running
 * Throws UserErrors with one error per faulty plugin: PLUGIN_NOT_FOUND, PLUGIN_CHANGED, PLUGIN_LOAD, PLUGIN_EMPTY or
 * PLUGIN_DEFINITION.
 */
export async function loadPlugins(
  requests: readonly PluginRequest[],
  folder: string,
  beforeLoading: (code: FoundCode) => void = () => {},
): Promise<LoadedPlugin[]> {
  const loaded: LoadedPlugin[] = [];
  const errors: UserError[] = [];
  for (const request of requests) {
    try {
      loaded.push(await loadPlugin(request, folder, beforeLoading));
    } catch (error) {
      if (!isUserError(error)) throw error;
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new UserErrors(errors);
  return loaded;
}

/** Loads one plugin. Throws a UserError with the request's place. */
export async function loadPlugin(
  request: PluginRequest,
  folder: string,
  beforeLoading: (code: FoundCode) => void = () => {},
): Promise<LoadedPlugin> {
  const { specifier, place } = request;
  try {
    const { entry, installed } = await findPlugin(specifier, folder);
    const code = readPluginCode(entry);
    const digest = installed === null ? code.digest : digestOf({ ...installed });
    const isKnown = request.digest !== undefined;
    if (isKnown && request.digest !== digest) throw changed(specifier);
    beforeLoading({ request, entry, digest });
    const module = await importModule(entry, code, specifier);
    // Read once more: what was hashed must be what was loaded.
    if (isKnown && readPluginCode(entry).digest !== code.digest) throw changed(specifier);
    const definitions = definitionsIn(module, specifier);
    const faults = isKnown ? [] : (await Promise.all(definitions.map(definitionFaults))).flat();
    if (faults.length > 0) {
      throw new UserError('PLUGIN_DEFINITION', `The plugin ${specifier} is malformed: ${faults.join('; ')}.`, '', {
        class: 'usage',
      });
    }
    return {
      place: place ?? null,
      identity: {
        kind: 'external',
        name: specifier,
        specifier: entry,
        digest,
        content: installed === null ? code.content : { files: {}, packages: { [installed.name]: installed.version } },
      },
      stages: definitions.filter(isStageDefinition),
      datasets: definitions.filter(isDatasetDefinition),
      networks: definitions.filter(isNetworkDefinition),
      observers: definitions.filter(isObserverDefinition),
    };
  } catch (error) {
    throw isUserError(error) && place !== undefined ? error.at(place) : error;
  }
}

function changed(specifier: string): UserError {
  return new UserError(
    'PLUGIN_CHANGED',
    `The plugin ${specifier} was edited while the run went on.`,
    'Run again: what was computed with the earlier code is kept under its own key.',
    { class: 'usage' },
  );
}

async function importModule(entry: string, code: PluginCode, specifier: string): Promise<Record<string, unknown>> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(entry, {
    virtualModules: await virtualEntryPoints(code.staticImports),
    interopDefault: false,
    // Code that changed must not come out of a cache, neither of this process nor of a folder that others can write.
    moduleCache: false,
    fsCache: false,
  });
  try {
    const module = await jiti.import<unknown>(entry);
    // CommonJS may export the definition, or a list of them, as the module itself.
    const isNamespace =
      typeof module === 'object' && module !== null && !Array.isArray(module) && !isDefinition(module);
    return isNamespace ? { ...module } : { default: module };
  } catch (cause) {
    const { problem, fix } = describeLoadFailure(cause, code.files);
    throw new UserError('PLUGIN_LOAD', `The plugin ${specifier} cannot be loaded: ${problem}`, fix, {
      cause,
      class: 'usage',
    });
  }
}

type Definition = StageDefinition | DatasetDefinition | NetworkDefinition | ObserverDefinition;

function definitionsIn(module: Record<string, unknown>, specifier: string): Definition[] {
  const found = new Set<Definition>();
  for (const value of Object.values(module)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (isDefinition(each)) found.add(each);
    }
  }
  if (found.size > 0) return [...found];
  throw new UserError(
    'PLUGIN_EMPTY',
    `The plugin ${specifier} exports no stage, data set, network or observer.`,
    `Export what defineStage, defineDataset, defineNetwork or defineObserver returns, as in \`export default defineStage({ … })\` in ${basename(specifier)}.`,
    { class: 'usage' },
  );
}

function isDefinition(value: unknown): value is Definition {
  return (
    isStageDefinition(value) || isDatasetDefinition(value) || isNetworkDefinition(value) || isObserverDefinition(value)
  );
}
