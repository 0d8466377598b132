const METRIC = {
  type: ['string', 'array'],
  minLength: 1,
  minItems: 1,
  uniqueItems: true,
  title: 'the name of a metric, or a list of them',
  'x-lathe': 'metric',
  items: { type: 'string', minLength: 1, 'x-lathe': 'metric' },
} as const;

const LIMIT = {
  type: ['number', 'string'],
  title: 'a number, or a text with a unit such as 60k, 1% or 20ms',
  pattern: '^-?[0-9]+(\\.[0-9]+)? ?([kKMGT]i?B?|%|ms|s|m|h|d)$',
} as const;

export const options = {
  type: 'object',
  additionalProperties: false,
  properties: {
    maximize: { ...METRIC, description: 'Metrics of the collected cells of which more is better.' },
    minimize: { ...METRIC, description: 'Metrics of which less is better.' },
    require: {
      type: 'array',
      minItems: 1,
      description: 'Limits that the chosen cell must keep: [{ metric: accuracy, min: 97% }].',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['metric'],
        minProperties: 2,
        properties: {
          metric: { type: 'string', minLength: 1, 'x-lathe': 'metric', description: 'A metric of the cells.' },
          min: { ...LIMIT, description: 'It must not be below this.' },
          max: { ...LIMIT, description: 'It must not be above this.' },
        },
      },
    },
    pick: {
      enum: ['knee', 'first'],
      default: 'knee',
      description:
        'Which of the cells that no other one beats in everything: the best compromise, or the best in the metric that is named first.',
    },
  },
} as const;
