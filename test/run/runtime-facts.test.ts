import { describe, expect, it } from 'vitest';
import { cpuClassOf, runtimeFacts } from '../../src/run/runtime-facts.js';

const flags = (text: string) => new Set(text.split(' '));

describe('the class of a CPU', () => {
  it.each([
    ['x64', 'fpu sse sse2', 'x64-sse'],
    ['x64', 'fpu sse sse2 avx', 'x64-avx'],
    ['x64', 'fpu avx avx2 fma', 'x64-avx2'],
    ['x64', 'fpu avx avx2 fma avx_vnni', 'x64-avx2-vnni'],
    ['x64', 'avx avx2 avx512f avx512bw', 'x64-avx512'],
    ['x64', 'avx avx2 avx512f avx512bw avx512_vnni', 'x64-avx512-vnni'],
    ['x64', 'avx avx2 avx512f avx512_vnni amx_tile amx_int8', 'x64-avx512-vnni-amx'],
    ['arm64', 'fp asimd', 'arm64'],
    ['arm64', 'fp asimd asimddp i8mm sve bf16', 'arm64-dotprod-i8mm-sve-bf16'],
  ])('of %s with %s is %s', (arch, text, expected) => expect(cpuClassOf(arch, flags(text))).toBe(expected));

  it('is its model where the system does not tell its flags', () => {
    expect(cpuClassOf('arm64', null)).toMatch(/^arm64-[a-z0-9-]+$/);
  });
});

describe('the facts of this machine', () => {
  it('name versions without loading onnxruntime', () => {
    expect(runtimeFacts()).toMatchObject({
      lathe: expect.stringMatching(/^\d+\.\d+\.\d+/),
      onnxruntime: expect.stringMatching(/^1\.\d+\.\d+/),
      gpu: expect.any(String),
    });
    const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
    expect(sharedObjects.filter((path) => path.includes('onnxruntime'))).toEqual([]);
  });
});
