/** Loss and learning rate over the steps of a run; equally long lists. */
export interface StepCurve {
  /** Steps done at each point. */
  readonly step: readonly number[];
  /** Mean over the steps since the point before. */
  readonly loss: readonly number[];
  /** Of the last of these steps. */
  readonly learningRate: readonly number[];
}

/** What a recorder needs to go on after a pause. */
export interface StepCurveState extends StepCurve {
  /** Of the steps since the last point. */
  readonly open: { readonly steps: number; readonly loss: number };
}

/** A curve lies in the record of its stage, which every run reads: some ten kilobytes at most. */
const POINTS_MAX = 500;

/** Records every step, or the means of as many as make POINTS_MAX points of the whole run. */
export class StepCurveRecorder {
  private readonly every: number;
  private readonly points = { step: [] as number[], loss: [] as number[], learningRate: [] as number[] };
  private open = { steps: 0, loss: 0 };
  private last = { step: 0, learningRate: 0 };

  /** @param steps of the whole run */
  constructor(steps: number) {
    this.every = Math.max(1, Math.ceil(steps / POINTS_MAX));
  }

  note(step: number, loss: number, learningRate: number): void {
    this.open.steps++;
    this.open.loss += loss;
    this.last = { step, learningRate };
    if (this.open.steps === this.every) this.close();
  }

  /** All points, one for the steps since the last of them included. */
  curve(): StepCurve {
    if (this.open.steps > 0) this.close();
    return this.points;
  }

  state(): StepCurveState {
    return { ...this.points, open: this.open };
  }

  resume({ step, loss, learningRate, open }: StepCurveState): void {
    this.points.step.push(...step);
    this.points.loss.push(...loss);
    this.points.learningRate.push(...learningRate);
    this.open = { ...open };
  }

  private close(): void {
    this.points.step.push(this.last.step);
    this.points.loss.push(rounded(this.open.loss / this.open.steps));
    this.points.learningRate.push(rounded(this.last.learningRate));
    this.open = { steps: 0, loss: 0 };
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
