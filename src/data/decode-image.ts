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
  // Drawings and documents name other files, and cost what they like; formats of whoever built the library are nobody's image.
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: FORMATS.map((name) => `VipsForeignLoad${name}`) });
  const decode = async (path: string, options: DecodeOptions, limitInputPixels: number): Promise<Pixels> => {
    const { data, info } = await pipeline(sharp(path, { failOn: 'error', limitInputPixels }), options)
      .raw()
      .toBuffer({ resolveWithObject: true });
    return {
      height: info.height,
      width: info.width,
      channels: info.channels,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  };
  let lastLarge: Promise<unknown> = Promise.resolve();
  return async (path, options) => {
    try {
      return await decode(path, options, MOST_PIXELS_AT_ONCE);
    } catch (cause) {
      if (!isTooLarge(cause)) throw await imageError(path, cause);
    }
    const turn = lastLarge.then(() => decode(path, options, MOST_PIXELS));
    lastLarge = turn.catch(() => {});
    return turn.catch(async (cause) => {
      throw await imageError(path, cause);
    });
  };
}

/** As libvips calls its loaders of JPEG, PNG, WebP, GIF, TIFF and AVIF. */
const FORMATS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'] as const;

function pipeline(image: Sharp, { size, fit, colors, background }: DecodeOptions): Sharp {
  // Photographs say by EXIF which side is up.
  let result = image.rotate().flatten({ background });
  if (size !== null) result = result.resize({ height: size[0], width: size[1], fit: FITS[fit], background });
  return colors === 'grayscale' ? result.grayscale().toColourspace('b-w') : result.toColourspace('srgb');
}

/** About 16,384 × 16,384; what announces more may be a few bytes that unpack to all of memory. */
const MOST_PIXELS = 2 ** 28;
/** Photographs are decoded several at a time, larger images one after the other. */
const MOST_PIXELS_AT_ONCE = 2 ** 25;

function isTooLarge(cause: unknown): boolean {
  return (cause as Error).message.includes('exceeds pixel limit');
}

async function imageError(path: string, cause: unknown): Promise<UserError> {
  if (isTooLarge(cause)) {
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
