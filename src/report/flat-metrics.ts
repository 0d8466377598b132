import type { Json } from '../core/canonical-json.js';

/**
 * The numbers among a stage's metrics, by name; the percentiles of a time as "latencyMs.p50". Lists, tables and values by
 * class have no place in a line.
 */
export function flatMetrics(metrics: Readonly<Record<string, Json>>): Record<string, number> {
  const flat: Record<string, number> = {};
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value === 'number') flat[name] = value;
    else if (isMapping(value)) {
      for (const [part, number] of Object.entries(value)) {
        if (typeof number === 'number' && /^p\d+$/.test(part)) flat[`${name}.${part}`] = number;
      }
    }
  }
  return flat;
}

function isMapping(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
