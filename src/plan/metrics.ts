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

  /** Null if nobody reports it. */
  find(draft: Draft, metric: string): { readonly cell: string; readonly spec: MetricSpec } | null {
    const own = lookUp(this.ownOf(draft, 0), metric);
    if (own !== undefined) return { cell: draft.id, spec: own };
    const spec = this.measured.has(draft.id) ? lookUp(this.measure?.metrics, metric) : undefined;
    return spec === undefined ? null : { cell: measureCell(draft.id), spec };
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
      return spec === undefined ? [] : [[name, spec] as const];
    });
    return { ...Object.fromEntries(read), ...definition?.metrics };
  }
}

const COLLECTING_MAX = 16;

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
