/** Stacks as files. */
import { csvText } from '../../src/shared/text/cells';
import { jsonText } from '../common/export';
import type { ExportedFile } from '../common/panel-frame';
import { captioned, pngOf } from '../common/picture';
import type { FlameData } from './flame-drawing';
import { flameSvg } from './flame-svg';
import { foldedStacks, speedscopeProfile } from './profile-formats';
import { frameLabel, type StackMap, topFunctions, type Weight } from './stack-tree';

/** Width of the picture: what fits a document. */
const PICTURE_WIDTH_PX = 1200;

export function foldedFile({ stacks }: StackMap, weight: Weight): ExportedFile {
  return { format: 'folded', name: '', content: foldedStacks(stacks, weight) };
}

export function speedscopeFile({ stacks, unit }: StackMap, weight: Weight, title: string): ExportedFile {
  return {
    format: 'speedscope',
    name: '',
    extension: 'speedscope.json',
    content: speedscopeProfile(stacks, weight, title, unit),
  };
}

/** Every function with its own and its total weight, heaviest first. */
export function functionsFile({ stacks, unit }: StackMap, weight: Weight): ExportedFile {
  const rows = topFunctions(stacks, weight).map(entry => [
    frameLabel(entry),
    entry.module,
    entry.kind,
    String(entry.self),
    String(entry.total),
    weight === 'value' ? unit : 'count',
  ]);
  const headings = ['function', 'module', 'kind', 'own', 'total', 'unit'];
  return { format: 'csv', name: 'functions', content: csvText(headings, rows) };
}

/** Frames are outermost first. */
export function stacksFile({ map, label, unit, stacks }: StackMap): ExportedFile {
  return { format: 'json', name: 'stacks', content: jsonText({ map, label, unit, stacks }) };
}

export async function pictureFile(
  data: FlameData,
  title: string,
  format: 'svg' | 'png',
): Promise<ExportedFile> {
  const { svg, height } = flameSvg(data, PICTURE_WIDTH_PX);
  const picture = captioned(svg, PICTURE_WIDTH_PX, height, `${title}: ${data.format(data.root.total)}`);
  return { format, name: 'flame-graph', content: format === 'svg' ? picture : await pngOf(picture) };
}
