import { didYouMean } from '../core/json-schema/problems.js';
import type { Path } from '../core/path.js';
import { agree, isPart, type Labels, type LabelValue, labelText, valueText } from './labels.js';

/** The matrix of a stage as a recipe has it. */
export interface Matrix {
  readonly lists: Readonly<Record<string, readonly LabelValue[]>>;
  readonly include: readonly Labels[];
  readonly exclude: readonly Labels[];
}

export interface MatrixRequest {
  readonly matrix: Matrix;
  /** The cells that the stage follows, and of which stage they are; null: it follows none. */
  readonly followed: { readonly stage: string; readonly cells: readonly Labels[] } | null;
  /** Told every mistake, with its path inside the matrix. */
  readonly report: (path: Path, target: 'key' | 'value', problem: string, fix: string) => void;
}

/** How many combinations the lists of a matrix have. */
export function matrixSize({ lists }: Matrix): number {
  return Object.values(lists).reduce((size, { length }) => size * length, 1);
}

/**
 * The labels of a stage's cells, those of the cell that each follows among them. Means what a matrix of GitHub Actions
 * means, with two differences: what has no effect is a mistake, and the order of a list changes nothing but the order of
 * the cells (so no entry of `include` may overrule another).
 * Empty after mistakes that leave nothing.
 */
export function expandMatrix(request: MatrixRequest): Labels[] {
  return new Expansion(request).expand();
}

class Expansion {
  private readonly lists: Matrix['lists'];
  private readonly include: readonly IncludeEntry[];
  private readonly exclude: readonly Labels[];
  private readonly parents: readonly Labels[];
  private readonly used = { include: new Set<number>(), exclude: new Set<number>() };
  private readonly reported = new Set<string>();

  constructor(private readonly request: MatrixRequest) {
    const { matrix, followed } = request;
    this.lists = matrix.lists;
    this.parents = followed === null ? [{}] : followed.cells;
    this.exclude = matrix.exclude;
    const inherited = new Set(this.parents.flatMap((labels) => Object.keys(labels)));
    this.include = matrix.include.map((entry) => ({
      inherited: only(entry, (key) => inherited.has(key)),
      listed: only(entry, (key) => !inherited.has(key) && Object.hasOwn(this.lists, key)),
      added: only(entry, (key) => !inherited.has(key) && !Object.hasOwn(this.lists, key)),
    }));
  }

  expand(): Labels[] {
    if (!this.checkLists()) return [];
    const combinations = this.combinations();
    const cells = this.parents.flatMap((parent) => this.cellsOf(parent, combinations));
    this.reportUnused(combinations);
    if (cells.length === 0 && this.reported.size === 0) {
      this.report(['exclude'], 'key', '"exclude" leaves nothing of this matrix.', 'Exclude less.');
    }
    return this.reported.size === 0 ? cells : [];
  }

  /** Lists have distinct values, and no key is taken twice. */
  private checkLists(): boolean {
    const { followed } = this.request;
    for (const [key, values] of Object.entries(this.lists)) {
      if (this.parents.some((labels) => Object.hasOwn(labels, key))) {
        const problem = `"${key}" comes from the cells of "${followed!.stage}" already.`;
        this.report([key], 'key', problem, 'Give this list another name, or leave it out.');
      }
      const seen = new Set<string>();
      values.forEach((value, index) => {
        const text = valueText(value);
        if (seen.has(text)) this.report([key, index], 'value', `${text} is in this list twice.`, 'Remove one.');
        seen.add(text);
      });
    }
    return this.reported.size === 0;
  }

  /** All combinations of the lists' values, the last list fastest. */
  private combinations(): Labels[] {
    const lists = Object.entries(this.lists);
    // Without lists there is one cell for each that is followed, and otherwise what `include` says.
    if (lists.length === 0) return this.request.followed === null ? [] : [{}];
    return lists.reduce<Labels[]>(
      (all, [key, values]) => all.flatMap((labels) => values.map((value) => ({ ...labels, [key]: value }))),
      [{}],
    );
  }

  private cellsOf(parent: Labels, combinations: readonly Labels[]): Labels[] {
    const kept = combinations.filter((own) => !this.isExcluded({ ...parent, ...own }));
    const additions = kept.map(() => ({}) as Record<string, LabelValue>);
    const created: Labels[] = [];
    this.include.forEach(({ inherited, listed, added }, index) => {
      if (!isPart(inherited, parent)) return;
      this.used.include.add(index);
      const matching = kept.flatMap((own, at) => (isPart(listed, own) ? [at] : []));
      if (matching.length === 0) created.push({ ...listed, ...added });
      else if (Object.keys(added).length === 0) this.reportPresent(index, { ...parent, ...kept[matching[0]!] });
      for (const at of matching) this.add(index, added, additions[at]!, { ...parent, ...kept[at] });
    });
    const cells: Labels[] = kept.map((own, at) => ({ ...parent, ...own, ...additions[at] }));
    const texts = new Set(cells.map(labelText));
    for (const own of created) {
      const labels = { ...parent, ...own };
      const text = labelText(labels);
      if (texts.has(text)) this.report(['include'], 'key', `"include" makes ${text} twice.`, 'Remove one.');
      texts.add(text);
      cells.push(labels);
    }
    return cells;
  }

  private isExcluded(labels: Labels): boolean {
    let isExcluded = false;
    this.exclude.forEach((entry, index) => {
      if (!isPart(entry, labels)) return;
      this.used.exclude.add(index);
      isExcluded = true;
    });
    return isExcluded;
  }

  private add(index: number, added: Labels, to: Record<string, LabelValue>, cell: Labels): void {
    if (agree(added, to)) {
      Object.assign(to, added);
      return;
    }
    const key = Object.keys(added).find((each) => !agree({ [each]: added[each]! }, to))!;
    const problem = `Two entries of "include" give ${labelText(cell)} another "${key}": ${valueText(to[key]!)} and ${valueText(added[key]!)}.`;
    this.report(['include', index, key], 'value', problem, 'Let only one of them match it.');
  }

  private reportPresent(index: number, cell: Labels): void {
    const problem = `${labelText(cell)} is in this matrix already.`;
    this.report(['include', index], 'value', problem, 'Remove this entry, or let it add a key.');
  }

  private reportUnused(combinations: readonly Labels[]): void {
    const all = () => this.parents.flatMap((parent) => combinations.map((own) => ({ ...parent, ...own })));
    for (const kind of ['exclude', 'include'] as const) {
      this.request.matrix[kind].forEach((entry, index) => {
        if (this.used[kind].has(index)) return;
        const pool = kind === 'exclude' ? all() : this.parents;
        this.reportUnmatched([kind, index], kind === 'exclude' ? entry : this.include[index]!.inherited, pool);
      });
    }
  }

  private reportUnmatched(path: Path, entry: Labels, pool: readonly Labels[]): void {
    const keys = [...new Set(pool.flatMap((labels) => Object.keys(labels)))];
    for (const [key, value] of Object.entries(entry)) {
      if (!keys.includes(key)) {
        const fix = didYouMean(key, keys) || (keys.length === 0 ? '' : `Its keys are ${keys.join(', ')}.`);
        this.report([...path, key], 'key', `"${key}" is no key of this matrix.`, fix);
        return;
      }
      const values = [
        ...new Set(pool.flatMap((labels) => (Object.hasOwn(labels, key) ? [valueText(labels[key]!)] : []))),
      ];
      if (values.includes(valueText(value))) continue;
      const problem = `No cell has ${key}=${valueText(value)}.`;
      this.report([...path, key], 'value', problem, `"${key}" is ${values.join(' or ')}.`);
      return;
    }
    this.report(path, 'value', `No cell has ${labelText(entry)}.`, 'Remove this entry.');
  }

  /** Every mistake once: the cells that are followed would repeat it. */
  private report(path: Path, target: 'key' | 'value', problem: string, fix: string): void {
    const id = path.join('/');
    if (this.reported.has(id)) return;
    this.reported.add(id);
    this.request.report(path, target, problem, fix);
  }
}

/** An entry of `include`: what a followed cell and a combination must have to match, and what it gives them. */
interface IncludeEntry {
  readonly inherited: Labels;
  readonly listed: Labels;
  readonly added: Labels;
}

function only(labels: Labels, isWanted: (key: string) => boolean): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => isWanted(key)));
}
