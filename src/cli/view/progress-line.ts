import { formatCount, formatDuration } from '../../report/units.js';

/**
 * Where a stage is, in one line: "35%  epoch 2  loss 0.31  7,000 images/s  1m 20s left".
 * @param fraction 0..1
 * @param elapsedMs since the stage started
 */
export function progressLine(fraction: number, values: Readonly<Record<string, number>>, elapsedMs: number): string {
  const parts = [`${Math.floor(fraction * 100)}%`];
  for (const [name, value] of Object.entries(values)) parts.push(valueText(name, value));
  // Before that, the start-up weighs too much in the estimate.
  if (fraction >= 0.02 && fraction < 1 && elapsedMs >= 1000) {
    parts.push(`${formatDuration((elapsedMs / fraction) * (1 - fraction))} left`);
  }
  return parts.join('  ');
}

function valueText(name: string, value: number): string {
  if (name.endsWith('PerS')) return `${formatCount(value)} ${name.slice(0, -'PerS'.length)}/s`;
  return `${name} ${Number.isInteger(value) ? formatCount(value) : Number(value.toPrecision(4))}`;
}
