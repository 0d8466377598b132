import { UserError } from '../core/errors.js';
import { allocateBytes } from './allocate.js';
import { assembleDataset, COMMON_OPTIONS } from './assemble.js';
import { channelsFirst } from './channels-first.js';
import { defineDataset } from './dataset.js';
import { type Decode, type DecodeOptions, loadDecoder, type Pixels } from './decode-image.js';
import { type ImageFolder, listImageFolder } from './image-folder.js';
import type { Stored } from './stored.js';

/** Images decoded at the same time; sharp has threads of its own. */
const CONCURRENT = 4;

/** Image files in one folder per class. Pixels stay uint8 in memory. */
export const images = defineDataset({
  name: 'images',
  revision: 1,
  summary: 'Image files (PNG, JPEG, WebP, GIF, TIFF, AVIF) in one folder per class, brought to one size.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['train'],
    properties: {
      train: { type: 'string', 'x-lathe': 'folder', description: 'Folder with one folder of images per class.' },
      test: { type: 'string', 'x-lathe': 'folder', description: 'The same, to test on.' },
      size: {
        type: 'array',
        minItems: 2,
        maxItems: 2,
        items: { type: 'integer', minimum: 1 },
        description: '[height, width] to bring every image to; default: as they are, all equal.',
      },
      fit: {
        enum: ['stretch', 'crop', 'pad'],
        default: 'stretch',
        description:
          'How an image of other proportions becomes `size`: stretched, its middle cut out, or with margins.',
      },
      colors: { enum: ['rgb', 'grayscale'], default: 'rgb', description: 'Three channels, or one.' },
      background: {
        type: 'string',
        default: '#ffffff',
        pattern: '^#[0-9a-fA-F]{6}$',
        description: 'Colour behind transparent pixels and in the margins of `pad`.',
      },
      ...COMMON_OPTIONS,
    },
  } as const,
  async open({ options, signal }) {
    const trainFolder = await listImageFolder(options.train);
    const testFolder = options.test === undefined ? null : await listImageFolder(options.test);
    if (testFolder !== null) checkClasses(trainFolder, testFolder);
    const decodeOptions: DecodeOptions = {
      ...options,
      size: options.size === undefined ? null : [options.size[0]!, options.size[1]!],
    };
    const decode = await loadDecoder();
    const read = (folder: ImageFolder) =>
      readFolder(folder, trainFolder.classes, (path) => decode(path, decodeOptions), signal);
    const train = await read(trainFolder);
    const test = testFolder === null ? null : await read(testFolder);
    const target = { kind: 'class', classes: trainFolder.classes.length, names: trainFolder.classes } as const;
    return assembleDataset({ train, test, target }, options);
  },
});

function checkClasses(train: ImageFolder, test: ImageFolder): void {
  const unknown = test.classes.find((name) => !train.classes.includes(name));
  if (unknown === undefined) return;
  throw new UserError(
    'DATA_CLASSES',
    `${test.folder} has a class "${unknown}" that ${train.folder} does not have.`,
    `Training classes: ${train.classes.join(', ')}.`,
  );
}

async function readFolder(
  { folder, files }: ImageFolder,
  classes: readonly string[],
  decode: (path: string) => ReturnType<Decode>,
  signal: AbortSignal,
): Promise<Stored> {
  const first = await decode(files[0]!.path);
  const values = allocateBytes(files.length * first.bytes.length, folder);
  const store = (pixels: Pixels, position: number) => {
    const { path } = files[position]!;
    if (pixels.height !== first.height || pixels.width !== first.width) {
      throw new UserError(
        'DATA_SHAPE',
        `${path} is ${pixels.width}×${pixels.height} pixels, ${files[0]!.path} is ${first.width}×${first.height}.`,
        'Set size: [height, width] to bring all images to one size.',
      );
    }
    channelsFirst(pixels.bytes, pixels.height * pixels.width, pixels.channels);
    values.set(pixels.bytes, position * pixels.bytes.length);
  };
  let next = 0;
  const worker = async () => {
    while (next < files.length) {
      signal.throwIfAborted();
      const position = next++;
      try {
        store(await decode(files[position]!.path), position);
      } catch (error) {
        next = files.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  return {
    source: folder,
    count: files.length,
    shape: [first.channels, first.height, first.width],
    values,
    labels: Int32Array.from(files, ({ className }) => labelOf.get(className)!),
  };
}
