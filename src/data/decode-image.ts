import { open } from 'node:fs/promises';
import type { Sharp } from 'sharp';
import { UserError } from '../core/errors.js';
import { looksLike } from './looks-like.js';

export interface DecodeOptions {
  /** [height, width]; null keeps the image's own. */
  readonly size: readonly [number, number] | null;
  readonly fit: 'stretch' | 'crop' | 'pad';
  readonly colors: 'rgb' | 'grayscale';
  /** What shows through transparent pixels and fills the margins of `pad`. */
  readonly background: string;
}

/** Pixels [height, width, channels]. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bytes: Uint8Array;
}

export type Decode = (path: string, options: DecodeOptions) => Promise<Pixels>;

const FITS = { stretch: 'fill', crop: 'cover', pad: 'contain' } as const;

/** The decoder; the image library is loaded here, so that only readers of images pay for it. */
export async function loadDecoder(): Promise<Decode> {
  const { default: sharp } = await import('sharp');
  return async (path, options) => {
    try {
      const { data, info } = await pipeline(sharp(path, { failOn: 'error', limitInputPixels: MOST_PIXELS }), options)
        .raw()
        .toBuffer({ resolveWithObject: true });
      return {
        height: info.height,
        width: info.width,
        channels: info.channels,
        bytes: new Uint8Array(data.buffer, data.byteOffset, data.length),
      };
    } catch (cause) {
      throw await imageError(path, cause);
    }
  };
}

function pipeline(image: Sharp, { size, fit, colors, background }: DecodeOptions): Sharp {
  // Photographs say by EXIF which side is up.
  let result = image.rotate().flatten({ background });
  if (size !== null) result = result.resize({ height: size[0], width: size[1], fit: FITS[fit], background });
  return colors === 'grayscale' ? result.grayscale().toColourspace('b-w') : result.toColourspace('srgb');
}

/** About 16,384 × 16,384; what announces more may be a few bytes that unpack to all of memory. */
const MOST_PIXELS = 2 ** 28;

async function imageError(path: string, cause: unknown): Promise<UserError> {
  if ((cause as Error).message.includes('exceeds pixel limit')) {
    const text = `${path} announces more than ${MOST_PIXELS} pixels, the most that are decoded.`;
    return new UserError('DATA_IMAGE', text, 'Make it smaller, or move it out of the folder.', { cause });
  }
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const kind = looksLike(buffer.subarray(0, bytesRead));
    const isImage = kind.endsWith('image');
    return new UserError(
      'DATA_IMAGE',
      isImage ? `${path} is ${kind}, but damaged.` : `${path} is not an image that can be read: it looks like ${kind}.`,
      'Repair it, or move it out of the folder.',
      { cause },
    );
  } finally {
    await handle.close();
  }
}
