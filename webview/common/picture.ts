/** A chart as a file: a drawing (SVG), and a picture (PNG) made from it. */
import { readTheme } from './theme';

const CAPTION_HEIGHT_PX = 28;
/** Pictures are used in documents and chats too: twice the pixels of a standard-density screen. */
const PIXELS_PER_PX = 2;

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}

/** Puts a drawing of width x height CSS pixels below a caption, on the theme's background. */
export function captioned(svg: string, width: number, height: number, caption: string): string {
  const theme = readTheme();
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + CAPTION_HEIGHT_PX}">
<rect width="100%" height="100%" fill="${escapeMarkup(theme.background)}"/>
<text x="12" y="19" fill="${escapeMarkup(theme.foreground)}" font-family="${escapeMarkup(theme.font)}" font-size="13">${escapeMarkup(caption)}</text>
<svg y="${CAPTION_HEIGHT_PX}" width="${width}" height="${height}">${svg}</svg>
</svg>
`;
}

/** Renders the drawing as PNG. Rejects if the drawing is not a valid image. */
export async function pngOf(svg: string): Promise<ArrayBuffer> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth * PIXELS_PER_PX;
  canvas.height = image.naturalHeight * PIXELS_PER_PX;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this page cannot draw');
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('the picture could not be written');
  return blob.arrayBuffer();
}
