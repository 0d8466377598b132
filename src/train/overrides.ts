import { atOption } from '../core/at-option.js';
import { type Override, overridesOf } from '../onnx/select.js';
import type { TrainRequest } from './request.js';

/** What may be different for some layers or tensors. */
export interface ParameterSettings {
  /** The learning rate is this many times that of the others. */
  readonly lrFactor?: number | undefined;
  /** Keeps their bits, also running statistics. */
  readonly freeze?: boolean | undefined;
  /** Instead of the optimizer's; biases and norms still have none. */
  readonly weightDecay?: number | undefined;
}

export type ParameterOverride = Override<ParameterSettings>;

/**
 * What holds for single tensors: the request's own sets, then its overrides, the first that matches a tensor alone.
 * Throws SELECT_… for a selector that matches nothing.
 */
export function settingsByName(request: Pick<TrainRequest, 'model' | 'overrides' | 'frozen' | 'learningRateScale'>): {
  readonly frozen: ReadonlySet<string>;
  readonly learningRateScale: ReadonlyMap<string, number>;
  readonly weightDecay: ReadonlyMap<string, number>;
} {
  const settings = [...atOption('overrides', () => overridesOf(request.model, request.overrides ?? []))];
  const numbers = (key: 'lrFactor' | 'weightDecay'): [string, number][] =>
    settings.flatMap(([name, { [key]: value }]): [string, number][] => (value === undefined ? [] : [[name, value]]));
  return {
    frozen: new Set([
      ...(request.frozen ?? []),
      ...settings.flatMap(([name, { freeze }]) => (freeze === true ? [name] : [])),
    ]),
    learningRateScale: new Map([...numbers('lrFactor'), ...(request.learningRateScale ?? [])]),
    weightDecay: new Map(numbers('weightDecay')),
  };
}
