import type { BpfObject, GlobalVariable } from './model';
import { stackTables } from './stack-tables';

/** Every panel, in the order in which they are opened; the name is its page's folder under webview/. */
export const PANELS = ['histogram', 'events', 'stacks', 'maps'] as const;
export type PanelName = (typeof PANELS)[number];

type Shown = Pick<BpfObject, 'maps' | 'globals' | 'usesPrintk'>;

/** Global variables to list; the others are hidden or drawn as histograms. */
export function listedGlobals({ globals }: Pick<BpfObject, 'globals'>): GlobalVariable[] {
  return globals.filter(global => !global.hidden && global.histogram === undefined);
}

/** The panels for which an object has data. */
export function panelsOf(object: Shown): PanelName[] {
  const { maps, globals } = object;
  const has: Readonly<Record<PanelName, boolean>> = {
    histogram:
      maps.some(map => map.view.kind === 'histogram') ||
      globals.some(global => global.histogram !== undefined),
    events: maps.some(map => map.view.kind === 'events') || object.usesPrintk,
    stacks: stackTables({ maps }).length > 0,
    maps: hasTable(object) || listedGlobals(object).length > 0,
  };
  return PANELS.filter(panel => has[panel]);
}

/**
 * The panels to open automatically: global variables alone are secondary to a chart or a list, and a table of stacks is
 * shown in the Stacks panel.
 */
export function mainPanelsOf(object: Shown): PanelName[] {
  const all = panelsOf(object);
  const ofStacks = new Set(stackTables(object).map(({ map }) => map.name));
  const others = object.maps.filter(map => !ofStacks.has(map.name));
  const main = all.filter(panel => panel !== 'maps' || hasTable({ maps: others }));
  return main.length > 0 ? main : all;
}

function hasTable({ maps }: Pick<BpfObject, 'maps'>): boolean {
  return maps.some(map => map.view.kind === 'table');
}
