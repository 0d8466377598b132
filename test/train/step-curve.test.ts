import { describe, expect, it } from 'vitest';
import { StepCurveRecorder } from '../../src/train/step-curve.js';

describe('the curve of a run', () => {
  it('has a point for every step of a short one', () => {
    const recorder = new StepCurveRecorder(3);
    recorder.note(1, 2.5, 0.1);
    recorder.note(2, 1 / 3, 0.1);
    expect(recorder.curve()).toEqual({ step: [1, 2], loss: [2.5, 0.333333], learningRate: [0.1, 0.1] });
  });

  it('has means of equally many steps of a long one, and one for what is left', () => {
    const recorder = new StepCurveRecorder(1500);
    for (let step = 1; step <= 1498; step++) recorder.note(step, step, 1 / step);
    const { step, loss, learningRate } = recorder.curve();
    expect(step).toHaveLength(500);
    expect([step[0], loss[0], learningRate[0]]).toEqual([3, 2, 0.333333]);
    expect([step[498], loss[498]]).toEqual([1497, 1496]);
    expect([step[499], loss[499]]).toEqual([1498, 1498]);
  });

  it('has no more than 500 points, however long the run is', () => {
    const recorder = new StepCurveRecorder(7777);
    for (let step = 1; step <= 7777; step++) recorder.note(step, 0, 0);
    expect(recorder.curve().step.length).toBe(Math.ceil(7777 / 16));
  });

  it('is the same after a pause', () => {
    const [whole, before, after] = [1, 2, 3].map(() => new StepCurveRecorder(2000));
    for (let step = 1; step <= 2000; step++) {
      whole!.note(step, 1 / step, 0.1);
      if (step <= 777) before!.note(step, 1 / step, 0.1);
      if (step === 777) after!.resume(JSON.parse(JSON.stringify(before!.state())));
      if (step > 777) after!.note(step, 1 / step, 0.1);
    }
    expect(after!.curve()).toEqual(whole!.curve());
  });
});
