/** The flame graph as a drawing. */
import { escapeText } from '../../src/shared/text/escape';
import { readTheme } from '../common/theme';
import { type FlameData, fillOf, fittedLabel, LEAST_LABEL_PX, LEVEL_PX } from './flame-drawing';
import { frameLabel, layoutBoxes } from './stack-tree';

/** The picture as SVG, with a title per frame; the serialiser escapes text. */
export function flameSvg(data: FlameData, width: number): { readonly svg: string; readonly height: number } {
  const theme = readTheme();
  const namespace = 'http://www.w3.org/2000/svg';
  const boxes = layoutBoxes(data.zoomed, 0.5 / width);
  const levels = boxes.reduce((most, box) => Math.max(most, box.level), 0) + 1;
  const svg = document.createElementNS(namespace, 'svg');
  const put = (
    parent: Element,
    tag: string,
    attributes: Readonly<Record<string, string | number>>,
    text = '',
  ): Element => {
    const created = document.createElementNS(namespace, tag);
    for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, String(value));
    created.textContent = escapeText(text);
    parent.append(created);
    return created;
  };
  svg.setAttribute('xmlns', namespace);
  svg.setAttribute('viewBox', `0 0 ${width} ${levels * LEVEL_PX}`);
  svg.setAttribute('font-family', 'sans-serif');
  svg.setAttribute('font-size', '12');
  put(svg, 'rect', { width, height: levels * LEVEL_PX, fill: theme.background });
  const context = document.createElement('canvas').getContext('2d');
  if (context) context.font = '12px sans-serif';
  for (const { node, x, width: share, level } of boxes) {
    const group = put(svg, 'g', {});
    put(group, 'title', {}, `${frameLabel(node)}: ${data.format(node.total)}`);
    const wide = share * width;
    put(group, 'rect', {
      x: x * width,
      y: level * LEVEL_PX,
      width: Math.max(0.5, wide - 1),
      height: LEVEL_PX - 1,
      fill: fillOf(node, theme),
      stroke: theme.border,
      'stroke-width': 0.3,
    });
    if (context && wide >= LEAST_LABEL_PX)
      put(
        group,
        'text',
        { x: x * width + 4, y: level * LEVEL_PX + 13, fill: theme.foreground },
        fittedLabel(context, node, wide),
      );
  }
  return { svg: new XMLSerializer().serializeToString(svg), height: levels * LEVEL_PX };
}
