import { readFileSync } from 'node:fs';

interface StoredTensor {
  readonly dims: number[];
  readonly values: number[];
}

/** What onnxruntime's Python quantizer computed: see test/fixtures/generate/onnxruntime-quantizer.py. */
export const REFERENCE = JSON.parse(readFileSync('test/fixtures/quantize/onnxruntime.json', 'utf8')) as {
  affine: {
    min: number;
    max: number;
    type: 'int8' | 'uint8';
    isSymmetric: boolean;
    scale: number;
    zeroPoint: number;
    values: number[];
    integers: number[];
  }[];
  static: {
    weights: Record<string, StoredTensor>;
    batches: number[][];
    stored: Record<string, StoredTensor>;
    outputs: number[];
  };
};
