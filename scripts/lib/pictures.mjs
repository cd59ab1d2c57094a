/** Pictures of the documents: taken by tests, held against those in docs/images, and put there by `npm run pictures`. */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { root, workFolder } from './paths.mjs';

const documented = path.join(root, 'docs/images');
const taken = path.join(workFolder, 'pictures');

/**
 * How much larger or smaller than its predecessor a picture's file may be. Pixels are not compared: fonts and measured
 * values differ between machines and runs (by a tenth of the bytes on one machine). This finds a window that is blank or covered;
 * what the panel in it shows is read by the test that takes the picture.
 */
const MOST_BYTES_RATIO = 2;

/**
 * Takes a picture of the window into test/.work/pictures and resolves when it is like docs/images/NAME.png: the same pixels
 * across and down, and about as much to see. With $BPFW_PICTURES=replace it takes that one's place. Throws with both
 * paths when they differ.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} name below docs/images, without extension: panels/maps-dark
 */
export async function takePicture(page, name) {
  if (!/^[a-z0-9-]+(\/[a-z0-9-]+)?$/.test(name)) throw new Error(`'${name}' is not a valid picture name`);
  const [file, before] = [taken, documented].map(folder => path.join(folder, `${name}.png`));
  const now = measure(await page.screenshot({ path: file }));
  if (process.env.BPFW_PICTURES === 'replace') {
    await mkdir(path.dirname(before), { recursive: true });
    await copyFile(file, before);
    return;
  }
  const was = measure(await readFile(before));
  const ratio = Math.max(now.bytes / was.bytes, was.bytes / now.bytes);
  if (now.width === was.width && now.height === was.height && ratio <= MOST_BYTES_RATIO) return;
  const said = ({ width, height, bytes }) => `${width}×${height}, ${bytes} bytes`;
  throw new Error(
    `${file} (${said(now)}) is not like ${before} (${said(was)}). Compare them; npm run pictures replaces the old ones.`,
  );
}

/** Width and height stand at byte 16 of every PNG (ISO/IEC 15948, IHDR). */
function measure(png) {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), bytes: png.length };
}
