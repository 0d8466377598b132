import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../core/errors.js';
import { fileError } from './open-file.js';

/** Image files by class, in an order that is the same on every machine. */
export interface ImageFolder {
  readonly folder: string;
  /** Names of the class folders, sorted by code unit. */
  readonly classes: readonly string[];
  /** Files of all classes, sorted by class, then by name. */
  readonly files: readonly { readonly path: string; readonly className: string }[];
}

/**
 * Lists folder/class/file. Names that begin with a dot are passed over.
 * Throws DATA_FILE_MISSING, DATA_IMAGE for a file beside the class folders or a folder inside one, DATA_EMPTY for a class without files.
 */
export async function listImageFolder(folder: string): Promise<ImageFolder> {
  const classes: string[] = [];
  const files: { path: string; className: string }[] = [];
  for (const entry of await list(folder)) {
    const classFolder = join(folder, entry.name);
    if (entry.isFile()) {
      throw new UserError(
        'DATA_IMAGE',
        `${classFolder} is a file, but ${folder} must hold one folder per class.`,
        'Move it into the folder of its class, or elsewhere.',
      );
    }
    classes.push(entry.name);
    const images = await list(classFolder);
    if (images.length === 0)
      throw new UserError(
        'DATA_EMPTY',
        `The class folder ${classFolder} is empty.`,
        'Put images into it, or remove it.',
      );
    for (const image of images) {
      const path = join(classFolder, image.name);
      if (image.isDirectory()) {
        throw new UserError(
          'DATA_IMAGE',
          `${path} is a folder inside a class folder.`,
          `Move its images to ${classFolder}.`,
        );
      }
      if (!image.isFile() && !image.isSymbolicLink()) {
        // Opening a pipe would wait for somebody to write into it.
        throw new UserError('DATA_IMAGE', `${path} is a pipe or a device, not a file.`, 'Move it out of the folder.');
      }
      files.push({ path, className: entry.name });
    }
  }
  if (classes.length === 0)
    throw new UserError(
      'DATA_EMPTY',
      `${folder} holds no class folders.`,
      'Put the images of each class into a folder of its own.',
    );
  return { folder, classes, files };
}

async function list(folder: string) {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw fileError(folder, cause);
  }
}
