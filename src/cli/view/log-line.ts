import type { Json } from '../../core/canonical-json.js';

/** A message of a stage with its details, as far as these are plain values: "epoch 3  trainLoss 0.12  accuracy 0.97". */
export function logLine(message: string, details: Readonly<Record<string, Json>>): string {
  const parts = Object.entries(details).flatMap(([name, value]) => {
    if (typeof value === 'number') return [`${name} ${Number(value.toPrecision(4))}`];
    return typeof value === 'string' || typeof value === 'boolean' ? [`${name} ${value}`] : [];
  });
  return [message, ...parts].join('  ');
}
