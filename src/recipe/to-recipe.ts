import { basename, dirname, resolve } from 'node:path';
import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { digestOf } from '../core/hash.js';
import { parseUnit } from '../core/units.js';
import { originOf } from './label-origin.js';
import type { CellDeclaration, NetworkDeclaration, Recipe, RuntimeDeclaration, StageDeclaration } from './recipe.js';
import type { PlacedDocument } from './yaml-document.js';

type Mapping = { readonly [key: string]: Json };

export interface Checked {
  readonly file: string;
  readonly digest: string;
  /** The document after references were replaced; fits schemas/recipe.schema.json. */
  readonly value: Mapping;
  /** After --set. */
  readonly params: Readonly<Record<string, Json>>;
  readonly document: PlacedDocument;
  /** Of every stage; none for one that is at fault. */
  readonly cells: readonly (readonly CellDeclaration[])[];
}

/** A recipe from a document that its schema accepts. */
export function toRecipe({ file, digest, value, params, document, cells }: Checked): Recipe {
  const folder = dirname(file);
  const section = <T>(name: string, convert: (entry: Mapping) => T): Record<string, T> =>
    mapValues((value[name] ?? {}) as Readonly<Record<string, Mapping>>, convert);
  const runtime: RuntimeDeclaration = { provider: 'cpu', threads: null, ...(value.runtime as WrittenRuntime) };
  const env = (value.env ?? {}) as { hash?: string[]; pass?: string[] };
  return {
    file,
    digest,
    contentDigest: digestOf(document.value),
    folder,
    name: (value.name as string | undefined) ?? basename(file).replace(/\.ya?ml$/i, ''),
    seed: (value.seed as number | undefined) ?? 0,
    plugins: ((value.plugins ?? []) as string[]).map((specifier, index) => ({ specifier, path: ['plugins', index] })),
    params,
    env: { hash: env.hash ?? [], pass: env.pass ?? [] },
    data: section('data', (entry) => ({ uses: entry.uses as string, with: (entry.with ?? {}) as Mapping })),
    networks: section('networks', (entry) => toNetwork(entry, folder)),
    models: section('models', (entry) => ({
      file: resolve(folder, entry.file as string),
      sha256: (entry.sha256 as string | undefined) ?? null,
    })),
    measure: value.measure === undefined ? null : { data: (value.measure as { data: string }).data },
    runtime,
    stages: (value.stages as Mapping[]).map((stage, index) => toStage(stage, cells[index]!, runtime)),
    exports: section('exports', (entry) => ({ from: entry.from as string, to: resolve(folder, entry.to as string) })),
    locate: (path, target = 'value', labels = {}) =>
      document.locate(target === 'value' ? originOf(document.value, path, labels) : path, target),
  };
}

/** Mistakes that a schema cannot see: names that are taken twice, limits that contradict each other. */
export function recipeProblems(recipe: Recipe): UserError[] {
  const problems: UserError[] = [];
  const first = new Map<string, number>();
  recipe.stages.forEach(({ id, cells }, index) => {
    const place = recipe.locate(['stages', index, 'id']);
    const earlier = first.get(id);
    if (earlier !== undefined) {
      const other = recipe.locate(['stages', earlier, 'id']);
      const where = other.kind === 'text' ? `in line ${other.line}` : 'above';
      const text = `Two stages have the id "${id}"; the first is ${where}.`;
      problems.push(
        new UserError('RECIPE_DUPLICATE_ID', text, 'Give one of them another id.', { place, class: 'usage' }),
      );
    } else if (Object.hasOwn(recipe.models, id)) {
      const text = `"${id}" is the id of a stage and a name under models.`;
      problems.push(new UserError('RECIPE_DUPLICATE_ID', text, 'Rename one of them.', { place, class: 'usage' }));
    } else first.set(id, index);
    for (const [metric, gate] of Object.entries(cells[0]?.expect ?? {})) {
      const path = ['stages', index, 'expect', metric];
      if (gate.from === undefined || gate.maxDrop !== undefined || gate.maxRise !== undefined) continue;
      const text = `"from" has no use here without maxDrop or maxRise.`;
      const details = { place: recipe.locate([...path, 'from'], 'key'), class: 'usage' } as const;
      problems.push(new UserError('RECIPE_GATE', text, 'Add one of them, or remove "from".', details));
    }
  });
  return problems;
}

function toStage(stage: Mapping, cells: StageDeclaration['cells'], runtime: RuntimeDeclaration): StageDeclaration {
  return {
    id: stage.id as string,
    uses: stage.uses as string,
    from: (stage.from as string | Readonly<Record<string, string>> | undefined) ?? null,
    each: (stage.each as string | undefined) ?? null,
    collect: (stage.collect as string | undefined) ?? null,
    needs: (stage.needs as string[] | undefined) ?? [],
    cells,
    tolerance: (stage.tolerance ?? {}) as StageDeclaration['tolerance'],
    runtime: { ...runtime, ...(stage.runtime as WrittenRuntime) },
    hasRuntime: stage.runtime !== undefined,
    timeoutMs: stage.timeout === undefined ? null : parseUnit(stage.timeout as string, 'duration')!,
    attempts: (stage.retry as { attempts: number } | undefined)?.attempts ?? 1,
    checkpoint: checkpointOf(stage.checkpoint as WrittenCheckpoint | undefined),
  };
}

type WrittenRuntime = Partial<RuntimeDeclaration> | undefined;

type WrittenCheckpoint = false | { readonly every: string } | { readonly everySteps: number };

function checkpointOf(written: WrittenCheckpoint = { every: '30s' }): StageDeclaration['checkpoint'] {
  if (written === false) return null;
  return 'everySteps' in written ? { steps: written.everySteps } : { ms: parseUnit(written.every, 'duration')! };
}

function toNetwork(entry: Mapping, folder: string): NetworkDeclaration {
  if (entry.file !== undefined) return { kind: 'file', file: resolve(folder, entry.file as string) };
  if (entry.uses !== undefined) {
    return { kind: 'uses', uses: entry.uses as string, with: (entry.with ?? {}) as Mapping };
  }
  return { kind: 'layers', layers: entry.layers as Json[], input: (entry.input as number[] | undefined) ?? null };
}

function mapValues<A, B>(entries: Readonly<Record<string, A>>, convert: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, convert(value)]));
}
