import { describe, expect, it } from 'vitest';
import type { StageRecord } from '../../src/artifacts/run-record.js';
import type { Json } from '../../src/core/canonical-json.js';
import type { GateDeclaration } from '../../src/recipe/recipe.js';
import { judgeGates } from '../../src/run/gates.js';
import { sketchPlan } from '../support/plan-rig.js';

/** Judges gates of the cell "int8" by the metrics of some cells. */
function judge(expectations: Record<string, GateDeclaration>, metrics: Record<string, Record<string, Json>>) {
  const plan = sketchPlan([{ id: 'baseline' }, { id: 'int8', expect: expectations }]);
  const records = new Map(
    Object.entries(metrics).map(([cell, values]) => [cell, { cell, status: 'ran', metrics: values } as StageRecord]),
  );
  return judgeGates(plan, records).get('int8');
}

describe('a gate', () => {
  it('on a minimum passes at the limit and fails below it', () => {
    const gates = { accuracy: { min: 0.88 } };
    expect(judge(gates, { int8: { accuracy: 0.88 } })).toEqual([
      { metric: 'accuracy', op: 'min', limit: 0.88, actual: 0.88, passed: true },
    ]);
    expect(judge(gates, { int8: { accuracy: 0.8799 } })?.[0]?.passed).toBe(false);
  });

  it('on a drop compares with the stage it names, and a drop of exactly the limit passes', () => {
    const gates = { accuracy: { maxDrop: 0.01, from: 'baseline' } };
    // 0.9 - 0.89 is 0.010000000000000009 in binary.
    expect(judge(gates, { baseline: { accuracy: 0.9 }, int8: { accuracy: 0.89 } })?.[0]?.passed).toBe(true);
    expect(judge(gates, { baseline: { accuracy: 0.9 }, int8: { accuracy: 0.889 } })?.[0]?.passed).toBe(false);
    expect(judge(gates, { baseline: { accuracy: 0.8 }, int8: { accuracy: 0.9 } })?.[0]).toMatchObject({ passed: true });
  });

  it('on a rise compares the other way', () => {
    const gates = { gzipBytes: { maxRise: 100, from: 'baseline' } };
    const [gate] = judge(gates, { baseline: { gzipBytes: 1000 }, int8: { gzipBytes: 1101 } })!;
    expect(gate).toEqual({ metric: 'gzipBytes', op: 'maxRise', limit: 100, actual: 101, passed: false });
  });

  it('fails when its metric is not known', () => {
    expect(judge({ accuracy: { min: 0 } }, { int8: {} })).toEqual([
      { metric: 'accuracy', op: 'min', limit: 0, actual: null, passed: false },
    ]);
  });

  it('on a number inside of a metric reads it there, unless a metric has the whole name', () => {
    const gates = { 'latencyMs.p95': { max: 3 } };
    const inside = judge(gates, { int8: { latencyMs: { p50: 1, p95: 4 } } });
    expect(inside).toEqual([{ metric: 'latencyMs.p95', op: 'max', limit: 3, actual: 4, passed: false }]);
    expect(judge(gates, { int8: { 'latencyMs.p95': 2 } })?.[0]).toMatchObject({ actual: 2, passed: true });
  });

  it('is judged even if another one failed', () => {
    const gates = { accuracy: { min: 0.9, max: 0.95 }, gzipBytes: { max: 10 } };
    const judged = judge(gates, { int8: { accuracy: 0.8, gzipBytes: 20 } });
    expect(judged?.map((gate) => gate.passed)).toEqual([false, true, false]);
  });
});
