import { expect, test } from 'vitest';
import { gpuClass } from '../../src/run/gpu-class.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CARD = { vendor: '0x10de\n', device: '0x2331\n' };
const card = (name: string, { vendor, device } = CARD) => ({
  [`sys/class/drm/${name}/device/vendor`]: vendor,
  [`sys/class/drm/${name}/device/device`]: device,
});

test('names the cards by their PCI ids, each once, and the version of NVIDIA’s driver', () => {
  const root = temporaryFolder({
    ...card('card1'),
    ...card('renderD129'),
    ...card('card0', { vendor: '0x8086\n', device: '0x4680\n' }),
    'sys/class/drm/version': 'drm 1.1.0 20060810\n',
    'proc/driver/nvidia/version':
      'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build\nGCC version: 12.2.0\n',
  });
  expect(gpuClass(root, 'linux')).toBe('10de:2331 8086:4680 nvidia 550.54.15');
});

test('knows the older form of that version, too', () => {
  const root = temporaryFolder({
    'proc/driver/nvidia/version':
      'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n',
  });
  expect(gpuClass(root, 'linux')).toBe('nvidia 535.104.05');
});

test('is "none" on a Linux without a card', () => {
  expect(gpuClass(temporaryFolder({}), 'linux')).toBe('none');
});

test('names system and processor where there are no such files', () => {
  expect(gpuClass('/', 'darwin')).toMatch(/^darwin \S+ \S/);
});
