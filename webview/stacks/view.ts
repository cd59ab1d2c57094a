/** The Stacks page's elements and what the user can do with them. */
import type { Drops } from '../../src/shared/decode/model';
import type { FromWebview, SessionSummary } from '../../src/shared/protocol/webview';
import { element, oncePerFrame, setAttributes, setText } from '../common/dom';
import type { SavedReadings } from '../common/held-readings';
import { createPanelFrame, type PanelFrame } from '../common/panel-frame';
import { countOf, formatCount, formatQuantity, formatShare } from '../common/quantity';
import { button, dropdown, textField, toggle } from '../common/toolkit';
import { foldedFile, functionsFile, pictureFile, speedscopeFile, stacksFile } from './export';
import { createFlameGraph, type FlameData } from './flame-graph';
import { foldedStacks } from './profile-formats';
import {
  buildTree,
  findPath,
  frameLabel,
  matchedWeight,
  pathOf,
  type StackMap,
  type StackNode,
  topFunctions,
  type Weight,
} from './stack-tree';

export interface ViewState {
  map: string | null;
  weight: Weight;
  inverted: boolean;
  table: boolean;
  search: string;
  zoom: readonly string[];
  /** What a pause holds still. */
  held: SavedReadings | null;
}

interface ViewHost {
  post(message: FromWebview): void;
  save(state: ViewState): void;
  /** Holds what is shown, or goes on. */
  pause(paused: boolean): void;
}

export interface StacksView {
  noSession(trusted: boolean): void;
  session(session: SessionSummary, hasStacks: boolean): void;
  drops(drops: Drops): void;
  show(maps: readonly StackMap[]): void;
  paused(paused: boolean): void;
  redraw(): void;
  export(kind: string): void;
}

/** Functions listed; more would not be read. */
const MOST_FUNCTIONS = 200;

export function createStacksView(root: HTMLElement, state: ViewState, host: ViewHost): StacksView {
  let maps: readonly StackMap[] = [];
  let current: StackMap | null = null;
  let drawn: FlameData | null = null;
  /** The choice, where the stacks have both. */
  let weight: Weight = state.weight;
  const draw = oncePerFrame(render);
  const changed = (): void => {
    host.save(state);
    draw();
  };

  const mapChoice = dropdown<string>('Stacks', [], '', name => {
    state.map = name;
    state.zoom = [];
    changed();
  });
  const weightChoice = dropdown<Weight>(
    'Width of a frame',
    [
      { value: 'count', label: 'By count' },
      { value: 'value', label: 'By value' },
    ],
    state.weight,
    value => {
      state.weight = value;
      changed();
    },
  );
  const search = textField('Search functions', 'Search functions', text => {
    state.search = text;
    changed();
  });
  search.set(state.search);
  const matched = element('span', { class: 'muted matched', role: 'status' });
  const invert = toggle({
    label: 'Invert',
    title: 'Merge from the innermost function: who calls it is below',
    pressed: state.inverted,
    onChange: pressed => {
      state.inverted = pressed;
      state.zoom = [];
      changed();
    },
  });
  const pause = toggle({
    label: 'Pause',
    icon: 'debug-pause',
    title: 'Hold the picture still',
    pressed: false,
    onChange: host.pause,
  });
  const table = toggle({
    label: 'Functions',
    icon: 'table',
    title: 'Show the functions by their own weight',
    pressed: state.table,
    onChange: pressed => {
      state.table = pressed;
      changed();
    },
  });
  const reset = button({
    label: 'Reset Zoom',
    onClick: () => {
      state.zoom = [];
      changed();
    },
  });
  const copy = button({
    label: 'Copy Folded Stacks',
    icon: 'copy',
    iconOnly: true,
    onClick: () => {
      if (current) host.post({ type: 'copy', text: foldedStacks(current.stacks, weight) });
    },
  });
  const flame = createFlameGraph(node => {
    state.zoom = pathOf(node);
    changed();
  });
  const legend = element(
    'div',
    { class: 'legend muted' },
    element('span', { class: 'user' }, 'user'),
    element('span', { class: 'kernel' }, 'kernel, _[k]'),
    element('span', { class: 'total' }),
  );
  const body = element('tbody');
  const heads = ['Own', 'Total', 'Function', 'Module'].map(name =>
    element('th', { scope: 'col', class: name === 'Own' || name === 'Total' ? 'number' : '' }, name),
  );
  const functions = element(
    'section',
    { class: 'functions', 'aria-label': 'Functions', tabindex: 0 },
    element(
      'table',
      { class: 'data' },
      element('caption', {}, 'Functions by their own weight'),
      element('thead', {}, element('tr', {}, ...heads)),
      body,
    ),
  );
  const content = element(
    'div',
    { class: 'content' },
    element('div', { class: 'flame-pane' }, legend, flame.element),
    functions,
  );
  const frame: PanelFrame = createPanelFrame<'stacks'>(root, {
    label: 'Stacks',
    left: [mapChoice.element, weightChoice.element, search.element, matched],
    right: [reset, invert.element, pause.element, table.element, copy],
    content: [content],
    exporters: {
      folded: () => current && foldedFile(current, weight),
      speedscope: () => current && speedscopeFile(current, weight, frame.title()),
      csv: () => current && functionsFile(current, weight),
      json: () => current && stacksFile(current),
      svg: () => drawn && pictureFile(drawn, frame.title(), 'svg'),
      png: () => drawn && pictureFile(drawn, frame.title(), 'png'),
    },
    post: host.post,
  });

  function render(): void {
    current = maps.find(map => map.map === state.map) ?? maps[0] ?? null;
    if (!current || current.stacks.length === 0) return;
    frame.showContent();
    const { stacks, unit } = current;
    mapChoice.element.hidden = maps.length < 2;
    mapChoice.options(maps.map(map => ({ value: map.map, label: map.label })));
    mapChoice.set(current.map);
    const hasValues = stacks.some(sample => sample.value !== null);
    const hasCounts = stacks.some(sample => sample.count > 0);
    weightChoice.element.hidden = !hasValues || !hasCounts;
    weight = !hasValues ? 'count' : hasCounts ? state.weight : 'value';
    const format = (amount: number): string =>
      weight === 'value' ? formatQuantity(amount, unit) : formatCount(amount);
    const tree = buildTree(stacks, weight, state.inverted);
    const zoomed = findPath(tree, state.zoom);
    const wanted = state.search.trim().toLowerCase();
    const matches =
      wanted === ''
        ? null
        : (node: StackNode): boolean =>
            node.parent !== null && frameLabel(node).toLowerCase().includes(wanted);
    drawn = { root: tree, zoomed, matches, format };
    flame.draw(drawn);
    reset.toggleAttribute('disabled', zoomed === tree);
    setText(
      matched,
      matches ? `${formatShare(matchedWeight(tree, matches) / Math.max(1, tree.total))} matched` : '',
    );
    if (legend.lastElementChild)
      setText(
        legend.lastElementChild,
        `${format(tree.total)} in ${countOf(stacks.length, 'stack', 'stacks')}`,
      );
    functions.classList.toggle('visually-hidden', !state.table);
    drawFunctions(
      topFunctions(stacks, weight)
        .filter(entry => wanted === '' || frameLabel(entry).toLowerCase().includes(wanted))
        .slice(0, MOST_FUNCTIONS),
      tree.total,
      format,
    );
  }

  function drawFunctions(
    entries: ReturnType<typeof topFunctions>,
    total: number,
    format: (amount: number) => string,
  ): void {
    while (body.rows.length > entries.length) body.deleteRow(-1);
    while (body.rows.length < entries.length)
      body.append(
        element(
          'tr',
          {},
          element('td', { class: 'number' }),
          element('td', { class: 'number' }),
          element('th', { scope: 'row' }),
          element('td'),
        ),
      );
    entries.forEach((entry, index) => {
      const row = body.rows[index];
      if (!row) return;
      setAttributes(row, {
        'data-function': frameLabel(entry),
        'data-self': entry.self,
        'data-total': entry.total,
      });
      const texts = [
        `${format(entry.self)} (${formatShare(entry.self / Math.max(1, total))})`,
        `${format(entry.total)} (${formatShare(entry.total / Math.max(1, total))})`,
        frameLabel(entry),
        entry.module,
      ];
      texts.forEach((text, column) => {
        const cell = row.cells[column];
        if (cell) setText(cell, text);
      });
    });
  }

  return {
    noSession: trusted => {
      current = null;
      frame.noSession(trusted);
    },
    session: (session, hasStacks) =>
      frame.session(
        session,
        current && current.stacks.length > 0
          ? null
          : {
              absent: hasStacks
                ? null
                : 'This program keeps no stacks. A map whose key holds a stack, or the id of one in a stack map (BPF_MAP_TYPE_STACK_TRACE), shows up here.',
              waiting: 'Attached; no stack yet. The flame graph grows from the first one.',
              ended: 'The session ended without a stack.',
            },
      ),
    drops: frame.drops,
    show: next => {
      maps = next;
      draw();
    },
    paused: pause.set,
    redraw: () => flame.redraw(),
    export: frame.export,
  };
}
