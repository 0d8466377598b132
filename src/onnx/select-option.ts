import type { OptionsSchema } from '../core/schema.js';

const PATTERNS = { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 } as const;

/** The schema of an option that selects. */
export const SELECT_OPTION = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'Layers or tensors by node or initializer name; * stands for any text.',
  properties: {
    include: { ...PATTERNS, description: 'Only these.' },
    exclude: { ...PATTERNS, description: 'All but these.' },
    opTypes: { ...PATTERNS, description: 'Only layers with these operators, such as Conv.' },
    regex: { ...PATTERNS, description: 'Only what one of these regular expressions matches.' },
  },
} as const satisfies OptionsSchema;
