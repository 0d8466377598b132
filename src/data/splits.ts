import { UserError } from '../core/errors.js';
import { Random } from '../core/random.js';

/** The option `split` of every reader. */
export const SPLIT_SCHEMA = {
  type: 'object',
  description: 'Samples taken out of the training files, drawn at random with a seed.',
  additionalProperties: false,
  properties: {
    validation: {
      type: 'number',
      exclusiveMinimum: 0,
      'x-unit': 'ratio',
      description: 'Validation samples: a count (5000), or a share of the training files (0.1, "10%").',
    },
    test: {
      type: 'number',
      exclusiveMinimum: 0,
      'x-unit': 'ratio',
      description: 'Test samples, likewise; only where there are no test files.',
    },
    seed: { type: 'integer', default: 0, description: 'Another seed draws other samples.' },
    stratify: {
      type: 'boolean',
      default: false,
      description: 'Keep the share of every class in each part as near as whole samples allow.',
    },
  },
} as const;

export interface SplitOptions {
  readonly validation?: number | undefined;
  readonly test?: number | undefined;
  readonly seed: number;
  readonly stratify: boolean;
}

/** Positions in the training files, ascending; null where a part was not asked for. */
export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array | null;
  readonly test: Uint32Array | null;
}

/**
 * Divides samples 0..count-1 into disjoint parts of exactly the sizes asked for. The test part is drawn first, so that
 * changing the size of the validation part leaves it alone.
 * @param labels class of each sample, needed to stratify; null for value targets
 * Throws DATA_SPLIT for a size that is no share and no count, and for parts that leave nothing to train on.
 */
export function splitSamples(count: number, options: SplitOptions, labels: Int32Array | null): Split {
  const test = sizeOfPart('test', options.test, count);
  const validation = sizeOfPart('validation', options.validation, count);
  if (test + validation >= count) {
    throw new UserError(
      'DATA_SPLIT',
      `split takes ${test + validation} samples out of ${count}: none are left to train on.`,
      'Lower split.validation or split.test.',
    );
  }
  const random = new Random(`data split ${options.seed}`);
  const order = options.stratify ? stratifiedOrder(labels, [test, validation], random) : random.permutation(count);
  return {
    test: options.test === undefined ? null : order.slice(0, test).sort(),
    validation: options.validation === undefined ? null : order.slice(test, test + validation).sort(),
    train: order.slice(test + validation).sort(),
  };
}

/** At most `limit` of the positions, drawn at random with the split's seed, ascending. */
export function limitSamples(positions: Uint32Array, limit: number, seed: number): Uint32Array {
  if (positions.length <= limit) return positions;
  const order = new Random(`data limit ${seed}`).permutation(positions.length).slice(0, limit).sort();
  return order.map((position) => positions[position]!);
}

function sizeOfPart(name: string, size: number | undefined, count: number): number {
  if (size === undefined) return 0;
  const isCount = Number.isInteger(size) && size >= 1;
  if (!isCount && !(size > 0 && size < 1)) {
    throw new UserError(
      'DATA_SPLIT',
      `split.${name} is ${size}, neither a share between 0 and 1 nor a whole number of samples.`,
      'Write for instance 0.1 for a tenth of the samples, or 5000.',
    );
  }
  const samples = isCount ? size : Math.round(size * count);
  if (samples >= 1) return samples;
  throw new UserError(
    'DATA_SPLIT',
    `split.${name} is ${size}: of ${count} samples that is not even one.`,
    'Raise it, or write a number of samples.',
  );
}

/** An order of all samples whose leading parts, of the given sizes, hold every class in proportion. */
function stratifiedOrder(labels: Int32Array | null, sizes: readonly number[], random: Random): Uint32Array {
  if (labels === null) {
    throw new UserError('DATA_SPLIT', 'split.stratify needs classes, but the targets are values.', 'Remove it.');
  }
  const members: number[][] = [];
  labels.forEach((label, position) => {
    members[label] ??= [];
    members[label].push(position);
  });
  // A label without samples leaves a hole in `members`.
  const classes = Object.keys(members).map((label) => {
    const own = members[Number(label)]!;
    return Array.from(random.derive(`class ${label}`).permutation(own.length), (i) => own[i]!);
  });
  const parts = sizes.map((size) => {
    const quotas = apportion(
      size,
      classes.map((own) => own.length),
    );
    return classes.flatMap((own, i) => own.splice(0, quotas[i]));
  });
  return Uint32Array.from([...parts.flat(), ...classes.flat()]);
}

/** Whole numbers that sum to `total`, in proportion to the weights and at most as large (largest remainder). */
function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const quotas = exact.map(Math.floor);
  const byRemainder = exact.map((_, i) => i).sort((a, b) => exact[b]! - quotas[b]! - (exact[a]! - quotas[a]!) || a - b);
  let missing = total - quotas.reduce((a, b) => a + b, 0);
  for (const i of byRemainder) {
    if (missing === 0) break;
    quotas[i]!++;
    missing--;
  }
  return quotas;
}
