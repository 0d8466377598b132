import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { didYouMean, didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import type { Path } from '../core/path.js';
import { cellId, type Labels, type LabelValue } from './labels.js';
import { expandMatrix, type Matrix, matrixSize } from './matrix.js';
import type { CellDeclaration, WrittenGate } from './recipe.js';
import { type Scope, substituteAt } from './references.js';
import type { PlacedDocument } from './yaml-document.js';

type Mapping = { readonly [key: string]: Json };

export interface StageCellsRequest {
  readonly document: PlacedDocument;
  /** The stages after references were replaced, except those to labels; they fit their schema. */
  readonly stages: readonly Mapping[];
  readonly scope: Scope;
  /** Where references to labels stand. */
  readonly perCell: readonly Path[];
  readonly problems: UserError[];
}

/**
 * The cells of every stage: one without labels, or what its matrix and the stage under `each` say.
 * None for a stage that is at fault or follows one that is. Problems are RECIPE_EACH, RECIPE_MATRIX, RECIPE_MATRIX_SIZE and
 * RECIPE_REFERENCE.
 */
export function stageCells(request: StageCellsRequest): (readonly CellDeclaration[])[] {
  return new StageCells(request).all();
}

/** More cells than that are a slip: no machine runs them. */
const CELLS_MAX = 10_000;

class StageCells {
  private readonly labels = new Map<number, readonly Labels[]>();
  /** Stages whose labels are being found, to notice one that follows itself. */
  private readonly open: number[] = [];
  private readonly indices: ReadonlyMap<string, number>;
  private readonly varying: ReadonlySet<number>;
  /** Places of references that cannot be resolved. */
  private readonly faulty = new Set<string>();
  private total = 0;

  constructor(private readonly request: StageCellsRequest) {
    this.indices = new Map(request.stages.map(({ id }, index) => [id as string, index]));
    this.varying = new Set(request.perCell.map(([, index]) => index as number));
  }

  all(): (readonly CellDeclaration[])[] {
    return this.request.stages.map((_, index) => this.labelsOf(index).map((labels) => this.cellOf(index, labels)));
  }

  private labelsOf(index: number): readonly Labels[] {
    const known = this.labels.get(index);
    if (known !== undefined) return known;
    this.open.push(index);
    const labels = this.findLabels(index);
    this.open.pop();
    this.labels.set(index, labels);
    return labels;
  }

  private findLabels(index: number): readonly Labels[] {
    const { each, matrix } = this.request.stages[index]!;
    const followed = each === undefined ? null : this.followedBy(index, each as string);
    if (followed !== null && followed.cells.length === 0) return [];
    if (matrix === undefined) return this.counted(index, followed?.cells ?? [{}]);
    const written = toMatrix(matrix as Mapping);
    if (!this.isPossible(index, written, followed?.cells.length ?? 1)) return [];
    const report = (path: Path, target: 'key' | 'value', problem: string, fix: string) =>
      this.refuse('RECIPE_MATRIX', ['stages', index, 'matrix', ...path], problem, fix, target);
    return this.counted(index, expandMatrix({ matrix: written, followed, report }));
  }

  private followedBy(index: number, stage: string): { readonly stage: string; readonly cells: readonly Labels[] } {
    const place = ['stages', index, 'each'];
    const other = this.indices.get(stage);
    const none = { stage, cells: [] };
    if (other === undefined) {
      const known = [...this.indices.keys()].filter((id) => id !== this.request.stages[index]!.id);
      this.refuse('RECIPE_EACH', place, `There is no stage "${stage}".`, didYouMeanOrKnown(stage, known, ''));
      return none;
    }
    const at = this.open.indexOf(other);
    if (at < 0) return { stage, cells: this.labelsOf(other) };
    const ids = [...this.open.slice(at), other].map((each) => `"${this.request.stages[each]!.id}"`);
    const problem = ids.length === 2 ? `${ids[0]} follows itself.` : `${ids.join(' follows ')}.`;
    this.refuse('RECIPE_EACH', place, problem, 'Let one of them have the matrix.');
    return none;
  }

  private isPossible(index: number, matrix: Matrix, parents: number): boolean {
    const size = matrixSize(matrix) * parents;
    if (size <= CELLS_MAX) return true;
    this.refuseSize(index, `The matrix of ${this.nameOf(index)} has ${size} cells`);
    return false;
  }

  private counted(index: number, labels: readonly Labels[]): readonly Labels[] {
    const before = this.total;
    this.total += labels.length;
    if (before > CELLS_MAX || this.total <= CELLS_MAX) return labels;
    this.refuseSize(index, `The stages up to ${this.nameOf(index)} have ${this.total} cells`);
    return labels;
  }

  private refuseSize(index: number, problem: string): void {
    const { matrix } = this.request.stages[index]!;
    const path = ['stages', index, matrix === undefined ? 'each' : 'matrix'];
    const fix = 'Shorten a list, exclude combinations, or split the recipe.';
    this.refuse('RECIPE_MATRIX_SIZE', path, `${problem}; a recipe may have ${CELLS_MAX}.`, fix, 'key');
  }

  /** A stage may have lost its id, which is said elsewhere. */
  private nameOf(index: number): string {
    const { id } = this.request.stages[index]!;
    return typeof id === 'string' ? `"${id}"` : 'this stage';
  }

  private cellOf(index: number, labels: Labels): CellDeclaration {
    const stage = this.request.stages[index]!;
    const cell = { id: cellId(stage.id as string, labels), labels };
    const part = (key: 'with' | 'expect'): Json => {
      if (!this.varying.has(index)) return stage[key] ?? {};
      const { document, scope, problems } = this.request;
      const written = (document.value as { readonly stages: readonly Mapping[] }).stages[index]![key] ?? {};
      const substituted = substituteAt(document, { ...scope, cell }, written, ['stages', index, key]);
      for (const error of substituted.problems) {
        // What many cells stumble over is one mistake.
        if (this.faulty.has(JSON.stringify(error.place))) continue;
        this.faulty.add(JSON.stringify(error.place));
        problems.push(error);
      }
      return substituted.value;
    };
    return { labels, with: part('with') as Mapping, expect: part('expect') as Readonly<Record<string, WrittenGate>> };
  }

  private refuse(code: string, path: Path, problem: string, fix: string, target: 'key' | 'value' = 'value'): void {
    const place = this.request.document.locate(path, target);
    this.request.problems.push(new UserError(code, problem, fix, { place, class: 'usage' }));
  }
}

/**
 * Keys of a matrix that hold mappings, as only `include` and `exclude` do, and nearly have such a name: the schema takes
 * them for lists of values.
 */
export function misspeltEntries(document: PlacedDocument): {
  readonly problems: readonly UserError[];
  readonly paths: readonly Path[];
} {
  const { stages } = document.value as { readonly [key: string]: Json };
  const problems: UserError[] = [];
  const paths: Path[] = [];
  for (const [index, stage] of (Array.isArray(stages) ? stages : []).entries()) {
    const matrix = isJsonMapping(stage) ? stage.matrix : undefined;
    for (const [key, value] of Object.entries(isJsonMapping(matrix) ? matrix : {})) {
      if (ENTRIES.includes(key) || !Array.isArray(value) || !value.some(isJsonMapping)) continue;
      const fix = didYouMean(key, ENTRIES);
      if (fix === '') continue;
      const path = ['stages', index, 'matrix', key];
      const place = document.locate(path, 'key');
      const problem = `"${key}" is a list of values, not of mappings.`;
      problems.push(new UserError('RECIPE_UNKNOWN_KEY', problem, fix, { place, class: 'usage' }));
      paths.push(path);
    }
  }
  return { problems, paths };
}

const ENTRIES = ['include', 'exclude'];

function toMatrix({ include = [], exclude = [], ...lists }: Mapping): Matrix {
  return {
    lists: lists as Readonly<Record<string, readonly LabelValue[]>>,
    include: include as readonly Labels[],
    exclude: exclude as readonly Labels[],
  };
}
