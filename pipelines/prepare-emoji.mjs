// Lays the images of the npm packages emoji-datasource-google and emoji-datasource-twitter out in class folders, as
// pipelines/lenet-cifar.yaml reads them: FOLDER/{google,twitter}/{train,test}/<category>/<emoji>.png.
//
//   npm install --no-save --prefix build/emoji emoji-datasource-google@16 emoji-datasource-twitter@16
//   node pipelines/prepare-emoji.mjs build/emoji
//
// Skin-tone variants are left out: they are near copies, which would put one picture into train and test. An emoji is
// in the same part in both styles, so that a network that has learnt one style knows no test emoji of the other.
import { createHash } from 'node:crypto';
import { copyFileSync, linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exit, stderr, stdout } from 'node:process';

/** One emoji of this many is kept for testing. */
const TEST_SHARE = 5;
/** Parts of other emoji, not pictures of their own. */
const NO_CATEGORY = 'Component';

const folder = process.argv[2];
if (folder === undefined) {
  stderr.write('Usage: node pipelines/prepare-emoji.mjs FOLDER, where FOLDER/node_modules holds the emoji packages.\n');
  exit(2);
}
for (const style of ['google', 'twitter']) layOut(resolve(folder), style);

function layOut(root, style) {
  const source = join(root, 'node_modules', `emoji-datasource-${style}`);
  const target = join(root, style);
  rmSync(target, { recursive: true, force: true });
  const counts = { train: 0, test: 0 };
  for (const emoji of readIndex(source)) {
    if (emoji.category === NO_CATEGORY || !emoji[`has_img_${style}`]) continue;
    const part = createHash('sha256').update(emoji.unified).digest()[0] % TEST_SHARE === 0 ? 'test' : 'train';
    const classFolder = join(target, part, emoji.category.toLowerCase().replace(/[^a-z]+/g, '-'));
    mkdirSync(classFolder, { recursive: true });
    place(join(source, 'img', style, '64', emoji.image), join(classFolder, emoji.image));
    counts[part]++;
  }
  stdout.write(`${target}: ${counts.train} to train on, ${counts.test} to test on\n`);
}

function readIndex(source) {
  try {
    return JSON.parse(readFileSync(join(source, 'emoji.json'), 'utf8'));
  } catch (error) {
    stderr.write(`${source} is not there: ${error.message}\nInstall the package first, see the top of this script.\n`);
    exit(2);
  }
}

/** A hard link costs no space; across file systems there are none. */
function place(from, to) {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
