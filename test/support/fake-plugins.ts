import { defineDataset, defineNetwork, defineStage, UserError } from 'onnx-lathe/plugin';
import { createRegistries, type Registries } from '../../src/plugin/registries.js';

const neverRuns = () => {
  throw new Error('a fake stage does not run');
};

const optimizer = {
  oneOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['sgd'],
      properties: {
        sgd: {
          type: 'object',
          additionalProperties: false,
          properties: {
            lr: { type: 'number', exclusiveMinimum: 0, default: 0.05 },
            momentum: { type: 'number', minimum: 0, exclusiveMaximum: 1, default: 0.9 },
          },
        },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['adam'],
      properties: {
        adam: {
          type: 'object',
          additionalProperties: false,
          properties: { lr: { type: 'number', exclusiveMinimum: 0, default: 0.001 } },
        },
      },
    },
  ],
} as const;

export const fakeTrain = defineStage({
  name: 'train',
  revision: 1,
  summary: 'Trains.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['network', 'data'],
    properties: {
      network: { type: 'string', 'x-lathe': 'network', description: 'The network to train.' },
      data: { type: 'string', 'x-lathe': 'dataset' },
      epochs: { type: 'number', exclusiveMinimum: 0, default: 1 },
      batch: { type: 'integer', minimum: 1, default: 64 },
      optimizer: { ...optimizer, default: { sgd: {} } },
      keep: { enum: ['best', 'last'], default: 'best' },
      target: { type: 'number', 'x-unit': 'ratio', minimum: 0, maximum: 1 },
    },
  },
  inputs: {},
  outputs: { model: 'model' },
  metrics: { loss: { unit: 'nats', better: 'lower' }, epochs: { unit: 'count' } },
  computes: true,
  run: neverRuns,
});

export const fakePrune = defineStage({
  name: 'prune',
  revision: 3,
  summary: 'Prunes.',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      threshold: { type: 'number', exclusiveMinimum: 0 },
      keep: { type: 'number', exclusiveMinimum: 0, maximum: 1, 'x-unit': 'ratio' },
      scope: { enum: ['layer', 'global'], default: 'layer' },
      mask: { type: 'string', 'x-lathe': 'file' },
      select: {
        type: 'object',
        additionalProperties: false,
        properties: {
          include: { type: 'array', items: { type: 'string' } },
          exclude: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  },
  inputs: { model: 'model' },
  outputs: { model: 'model' },
  metrics: { sparsity: { unit: 'ratio', better: 'higher' } },
  computes: false,
  check({ options }) {
    if (options.threshold !== undefined && options.keep !== undefined) {
      throw new UserError('PRUNE_RULES', '"threshold" and "keep" exclude each other.', 'Keep one.', {
        option: ['threshold'],
      });
    }
    if (options.threshold === undefined && options.keep === undefined) {
      throw new UserError('PRUNE_RULES', 'Nothing says how much to prune.', 'Give "threshold" or "keep".');
    }
  },
  run: neverRuns,
});

export const fakeEvaluate = defineStage({
  name: 'evaluate',
  revision: 1,
  summary: 'Evaluates.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['data'],
    properties: {
      data: { type: 'string', 'x-lathe': 'dataset' },
      split: { type: 'string' },
      against: { type: 'string', 'x-lathe': 'model' },
    },
  },
  inputs: { model: 'model' },
  outputs: { model: { same: 'model' } },
  metrics: {
    accuracy: { unit: 'ratio', better: 'higher' },
    gzipBytes: { unit: 'bytes', better: 'lower' },
    latencyP50: { unit: 'ms', better: 'lower' },
    latencyMs: { unit: 'ms', better: 'lower', parts: ['p50', 'p95'] },
    maxAbsDiff: { unit: '', better: 'lower' },
    loss: { unit: '', better: 'lower' },
    confusion: { unit: '' },
  },
  computes: true,
  run: neverRuns,
});

export const fakeTransfer = defineStage({
  name: 'transfer',
  revision: 1,
  summary: 'Distills.',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { teachers: { type: 'array', items: { type: 'string', 'x-lathe': 'model' } } },
  },
  inputs: { teacher: 'model', student: { type: 'model', optional: true } },
  outputs: { model: 'model', hint: 'model' },
  metrics: {},
  computes: true,
  run: neverRuns,
});

export const fakeSelect = defineStage({
  name: 'select',
  revision: 1,
  summary: 'Selects.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['maximize'],
    properties: {
      maximize: { type: 'string', 'x-lathe': 'metric' },
      minimize: { type: 'string', 'x-lathe': 'metric' },
    },
  },
  inputs: {},
  outputs: { model: { chosen: true } },
  metrics: { chosen: { unit: '' } },
  collects: true,
  computes: false,
  run: neverRuns,
});

export const fakeReport = defineStage({
  name: 'note',
  revision: 1,
  summary: 'Makes no model.',
  options: { type: 'object', additionalProperties: false, properties: {} },
  inputs: {},
  outputs: {},
  metrics: {},
  computes: false,
  run: neverRuns,
});

export const fakeCsv = defineDataset({
  name: 'csv',
  revision: 2,
  summary: 'Reads a table.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['file'],
    properties: {
      file: { type: 'string', 'x-lathe': 'file' },
      label: { type: 'string', default: 'label' },
      validation: { type: 'number', 'x-unit': 'ratio', default: 0.1 },
      storage: { type: 'string', default: 'auto', 'x-key': false },
    },
  },
  open: neverRuns,
});

export const fakeImages = defineDataset({
  name: 'images',
  revision: 1,
  summary: 'Reads a folder.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['folder'],
    properties: { folder: { type: 'string', 'x-lathe': 'folder' } },
  },
  open: neverRuns,
});

export const fakeMlp = defineNetwork({
  name: 'mlp',
  revision: 1,
  summary: 'A perceptron.',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { hidden: { type: 'array', items: { type: 'integer', minimum: 1 }, default: [32] } },
  },
  build: neverRuns,
});

/** Plugins that can be planned but not run. */
export function fakeRegistries(): Registries {
  return createRegistries({
    stages: [fakeTrain, fakePrune, fakeEvaluate, fakeTransfer, fakeSelect, fakeReport],
    datasets: [fakeCsv, fakeImages],
    networks: [fakeMlp],
  });
}
