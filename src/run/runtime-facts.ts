import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../core/package-root.js';
import { runtimeVersion } from '../runtime/version.js';
import { gpuClass } from './gpu-class.js';

/** What the bits of a computed model depend on besides its inputs. */
export interface RuntimeFacts {
  readonly lathe: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly cpuClass: string;
  /** See `gpuClass`. */
  readonly gpu: string;
}

/** The facts of this machine, found out without loading onnxruntime. */
export function runtimeFacts(): RuntimeFacts {
  return {
    lathe: latheVersion(),
    node: process.version,
    onnxruntime: runtimeVersion(),
    cpuClass: cpuClassOf(process.arch, cpuFlags()),
    gpu: gpuClass(),
  };
}

export function latheVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * The instruction sets between which onnxruntime's kernels choose, for instance "x64-avx512-vnni": processors of one
 * class compute equal bits, those of different classes may not.
 * @param flags as in /proc/cpuinfo; null where the system does not tell
 */
export function cpuClassOf(arch: string, flags: ReadonlySet<string> | null): string {
  if (flags === null) {
    const model = cpus()[0]?.model ?? 'unknown';
    return `${arch}-${model.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  }
  const has = (...names: string[]) => names.some((name) => flags.has(name));
  const parts = [arch];
  if (arch === 'x64') {
    const vector = ['avx512f', 'avx2', 'avx'].find((name) => flags.has(name)) ?? 'sse';
    parts.push(vector === 'avx512f' ? 'avx512' : vector);
    if (has('avx512_vnni', 'avx_vnni')) parts.push('vnni');
    if (has('amx_int8')) parts.push('amx');
  } else {
    if (has('asimddp')) parts.push('dotprod');
    if (has('i8mm')) parts.push('i8mm');
    if (has('sve')) parts.push('sve');
    if (has('bf16')) parts.push('bf16');
  }
  return parts.join('-');
}

function cpuFlags(): ReadonlySet<string> | null {
  try {
    const match = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return match === null ? null : new Set(match[1]!.split(' '));
  } catch {
    return null;
  }
}
