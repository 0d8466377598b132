import type { MetricSpec, StageDefinition } from '../plugin/stage.js';
import type { Draft } from './draft.js';
import type { OptionReference } from './options.js';
import type { Wiring } from './wiring.js';

/** Which cell reports a metric of another: itself, or the evaluation that `measure` adds behind it. */
export class Reporters {
  /**
   * @param measure the stage behind `measure`; null without one
   * @param measured ids of the cells that a measuring one follows
   * @param wiring what each cell collects
   */
  constructor(
    private readonly measure: StageDefinition | null,
    private readonly measured: ReadonlySet<string>,
    private readonly wiring: ReadonlyMap<string, Wiring>,
  ) {}

  /**
   * Who reports a metric of a cell: itself if it does. Null if nobody does.
   * @param metric also a part of one ("latencyMs.p50")
   * @param prefers 'measured': what `measure` reports goes before what the cell says of itself
   */
  find(draft: Draft, metric: string, prefers: 'own' | 'measured' = 'own'): Reporter | null {
    const whole = this.findWhole(draft, metric, prefers);
    if (whole !== null) return whole;
    const [head, ...rest] = metric.split('.') as [string, ...string[]];
    const owner = rest.length === 0 ? null : this.findWhole(draft, head, prefers);
    return owner?.spec.parts?.includes(rest.join('.')) ? { cell: owner.cell, spec: partOf(owner.spec) } : null;
  }

  private findWhole(draft: Draft, metric: string, prefers: 'own' | 'measured'): Reporter | null {
    const own = lookUp(this.ownOf(draft, 0), metric);
    const measured = this.measured.has(draft.id) ? lookUp(this.measure?.metrics, metric) : undefined;
    if (own !== undefined && (prefers === 'own' || measured === undefined)) return { cell: draft.id, spec: own };
    return measured === undefined ? null : { cell: measureCell(draft.id), spec: measured };
  }

  /** All metrics of a cell. */
  of(draft: Draft): Readonly<Record<string, MetricSpec>> {
    return { ...this.ownOf(draft, 0), ...(this.measured.has(draft.id) ? this.measure?.metrics : {}) };
  }

  /** What its stage declares, and of collected cells what its options name. */
  private ownOf(draft: Draft, depth: number): Readonly<Record<string, MetricSpec>> {
    const { definition } = draft;
    const first = this.wiring.get(draft.id)?.collected[0]?.draft;
    // A stage that collects itself is a circle, and told as one.
    if (first === undefined || depth > COLLECTING_MAX) return definition?.metrics ?? {};
    const all = { ...this.ownOf(first, depth + 1), ...(this.measured.has(first.id) ? this.measure?.metrics : {}) };
    const read = metricsNamed(draft).flatMap(({ name }) => {
      const spec = lookUp(all, name.split('.', 1)[0]!);
      return spec === undefined ? [] : [[name, name.includes('.') ? partOf(spec) : spec] as const];
    });
    return { ...Object.fromEntries(read), ...definition?.metrics };
  }
}

const COLLECTING_MAX = 16;

interface Reporter {
  readonly cell: string;
  readonly spec: MetricSpec;
}

/** What is known of one number of those that a metric consists of. */
export function partOf({ parts: _, ...spec }: MetricSpec): MetricSpec {
  return spec;
}

/** The names by which a recipe may ask for the numbers among metrics. */
export function numbersAmong(specs: Readonly<Record<string, MetricSpec>>): string[] {
  return Object.entries(specs).flatMap(([name, spec]) => partNames(name, spec) ?? (isNumber(spec) ? [name] : []));
}

/** How the numbers are named that a metric consists of; null if it is none of that kind. */
export function partNames(name: string, { parts }: MetricSpec): string[] | null {
  return parts?.map((part) => `${name}.${part}`) ?? null;
}

/** A metric without a unit is a number, not a list or a table, if it says which way is better. */
export function isNumber({ unit, better, parts }: MetricSpec): boolean {
  return parts === undefined && (unit !== '' || better !== undefined);
}

/** The metrics that the options of a cell name. */
export function metricsNamed({ references }: Draft): readonly OptionReference[] {
  return references.filter(({ kind }) => kind === 'metric');
}

/** The cell that `measure` adds behind another. */
export function measureCell(cell: string): string {
  return `${cell}.measure`;
}

/** A recipe may well ask for the metric "constructor". */
function lookUp(metrics: Readonly<Record<string, MetricSpec>> | undefined, name: string): MetricSpec | undefined {
  return metrics !== undefined && Object.hasOwn(metrics, name) ? metrics[name] : undefined;
}
