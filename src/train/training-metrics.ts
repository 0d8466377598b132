/** Metrics of a training stage, for the definition of a plugin. */
export const TRAINING_METRICS = {
  loss: { unit: 'nats', better: 'lower' },
  accuracy: { unit: 'ratio', better: 'higher' },
  epochs: { unit: 'count' },
  imagesPerS: { unit: '', better: 'higher', varies: true },
  history: { unit: '' },
  steps: { unit: '' },
} as const;
