import { readdirSync, readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';

/**
 * The GPUs of this machine as far as files tell without loading a driver, for instance "10de:2331 nvidia 550.54.15": on Linux
 * the PCI ids of the cards and the version of NVIDIA's driver, elsewhere the system's version and the processor, which on a
 * Mac is the GPU. Not the version of a driver that is a library: its update does not change a key.
 * @param root of /sys and /proc
 */
export function gpuClass(root = '/', platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'linux') return [platform, release(), cpus()[0]?.model ?? 'unknown'].join(' ');
  const cards = new Set(list(join(root, 'sys/class/drm')).flatMap((card) => pciId(join(root, 'sys/class/drm', card))));
  const version = /Kernel Module\s+(?:for \S+\s+)?([0-9.]+)/.exec(text(join(root, 'proc/driver/nvidia/version')))?.[1];
  const parts = [...[...cards].sort(), ...(version === undefined ? [] : [`nvidia ${version}`])];
  return parts.length === 0 ? 'none' : parts.join(' ');
}

function pciId(card: string): string[] {
  const [vendor, device] = ['vendor', 'device'].map((name) =>
    text(join(card, 'device', name))
      .trim()
      .replace('0x', ''),
  );
  return vendor === '' || device === '' ? [] : [`${vendor}:${device}`];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
