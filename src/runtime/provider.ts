/** What computes: onnxruntime's execution provider. Operators that a GPU provider has no kernel for run on the CPU. */
export type Provider = (typeof PROVIDERS)[number];

export const PROVIDERS = ['cpu', 'webgpu', 'cuda'] as const;
