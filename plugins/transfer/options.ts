import { SELECT_OPTION, TRAINING_OPTIONS } from 'onnx-lathe/plugin';

export const options = {
  type: 'object',
  additionalProperties: false,
  required: ['method'],
  properties: {
    method: {
      type: 'string',
      enum: ['copy', 'distill'],
      description:
        'copy: weights of the slot source go into the target by name, which is then finetuned. ' +
        'distill: the target learns to give the logits of the slot teacher.',
    },
    network: {
      type: 'string',
      'x-lathe': 'network',
      description: 'The target, built with fresh weights. Without it the target is the model in the slot model.',
    },
    map: {
      type: 'array',
      minItems: 1,
      description: 'Method copy: where tensors go, the first rule that matches decides. Default: to equal names.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['from', 'to'],
        properties: {
          from: { type: 'string', description: 'A regular expression for whole tensor names of the source.' },
          to: { type: 'string', description: 'The name in the target; $1 stands for the first group.' },
        },
      },
    },
    shapes: {
      type: 'string',
      enum: ['error', 'skip', 'slice'],
      default: 'error',
      description:
        'Method copy, where shapes differ: refuse, leave the target as it is, or copy the block that both have.',
    },
    temperature: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 4,
      description: 'Method distill: how much the small probabilities of the teacher count.',
    },
    alpha: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description: 'Method distill: weight of the teacher against the labels; 0 is plain training, 1 needs no labels.',
    },
    freeze: { ...SELECT_OPTION, description: 'Layers or tensors of the target that are not trained.' },
    keepZeros: {
      type: 'boolean',
      default: true,
      description: 'Weights that are 0 when training begins, as pruning leaves them, stay 0.',
    },
    ...TRAINING_OPTIONS,
    epochs: {
      type: 'number',
      minimum: 0,
      default: TRAINING_OPTIONS.epochs.default,
      description: 'Of finetuning or distillation; may be a fraction. Method copy: 0 copies without training.',
    },
  },
} as const;
