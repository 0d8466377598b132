/** Whether a value out of JSON that anybody may have written has a shape. */
export type Shape = (value: unknown) => boolean;

export function exactly(...values: readonly unknown[]): Shape {
  return (value) => values.includes(value);
}

export function text(pattern?: RegExp): Shape {
  return (value) => typeof value === 'string' && (pattern === undefined || pattern.test(value));
}

export function either(...shapes: readonly Shape[]): Shape {
  return (value) => shapes.some((shape) => shape(value));
}

export function listOf(shape: Shape): Shape {
  return (value) => Array.isArray(value) && value.every(shape);
}

export function mappingOf(shape: Shape): Shape {
  return (value) => isMapping(value) && Object.values(value).every(shape);
}

/** A mapping with these entries; what is in `optional` may be missing, and others may be there. */
export function entries(required: Readonly<Record<string, Shape>>, optional: typeof required = {}): Shape {
  return (value) =>
    isMapping(value) &&
    Object.entries(required).every(([name, shape]) => Object.hasOwn(value, name) && shape(value[name])) &&
    Object.entries(optional).every(([name, shape]) => !Object.hasOwn(value, name) || shape(value[name]));
}

/** Anything that has no more levels than what walks through it can go down. */
export const json: Shape = (value) => isFlat(value, LEVELS_MAX);

export const digest = text(/^[0-9a-f]{64}$/);
/** A size, or a count. */
export const whole: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const numeric: Shape = (value) => Number.isFinite(value);
export const atLeastZero: Shape = (value) => Number.isFinite(value) && (value as number) >= 0;
/** UTC, ISO 8601. */
export const instant: Shape = (value) =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) &&
  !Number.isNaN(Date.parse(value));
export const truth: Shape = (value) => typeof value === 'boolean';
export const nothing = exactly(null);

function isFlat(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isFlat(item, levels - 1));
}

const LEVELS_MAX = 200;

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
