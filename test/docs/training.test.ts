import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/package-root.js';
import { TRAINING_OPTIONS } from '../../src/train/index.js';

const PAGE = readFileSync(join(packageRoot(), 'docs', 'training.md'), 'utf8');
const { optimizer, schedule, loss, augment } = TRAINING_OPTIONS;

describe('the tables name every', () => {
  const named = [...PAGE.matchAll(/^\| `([\w-]+)/gm)].map((match) => match[1]!);

  test.each([
    ['option', Object.keys(TRAINING_OPTIONS)],
    ['optimizer', Object.keys(optimizer.properties)],
    ['schedule', Object.keys(schedule.properties)],
    ['loss', loss.enum],
    ['change of samples', Object.keys(augment.properties)],
  ])('%s', (_, names) => {
    expect(names.filter((name) => !named.includes(name))).toEqual([]);
  });
});

describe('the tables give the settings and defaults of', () => {
  const choices = { ...optimizer.properties, ...schedule.properties };

  test.each(Object.entries(choices))('%s', (name, { properties }) => {
    const row = PAGE.split('\n').find((line) => line.startsWith(`| \`${name}\` `))!;
    // Adam's settings stand for AdamW's, the text above for the warm-up.
    const own = Object.entries(properties).filter(
      ([key]) => key !== 'warmup' && (name !== 'adamw' || key === 'weightDecay'),
    );
    const text = (value: unknown) => (value === 1e-8 ? '1e-8' : value === 4e-6 ? '4e-6' : String(value));
    expect(own.filter(([key, { default: value }]) => !row.includes(`\`${key}: ${text(value)}\``))).toEqual([]);
  });
});
