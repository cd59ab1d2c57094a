/** The Stacks page's elements and what the person can do with them. */
import type { Drops } from '../../src/shared/decode/model';
import type { FromWebview, SessionSummary, StackSample } from '../../src/shared/protocol/webview';
import { element, oncePerFrame, setAttributes, setText } from '../common/dom';
import { formatCount, formatQuantity, formatShare } from '../common/quantity';
import { createSessionBar, emptyView, noSessionView } from '../common/session-bar';
import { button, dropdown, textField, toggle } from '../common/toolkit';
import { createFlameGraph, type FlameData, flameSvg } from './flame-graph';
import {
  buildTree,
  findPath,
  foldedStacks,
  frameLabel,
  matchedWeight,
  pathOf,
  type StackNode,
  speedscopeProfile,
  topFunctions,
  type Weight,
} from './model';

export interface ViewState {
  map: string | null;
  weight: Weight;
  inverted: boolean;
  table: boolean;
  search: string;
  zoom: readonly string[];
}

export interface StackMap {
  readonly map: string;
  readonly label: string;
  readonly unit: string;
  readonly stacks: readonly StackSample[];
}

export interface StacksView {
  noSession(trusted: boolean): void;
  session(session: SessionSummary, hasStacks: boolean): void;
  drops(drops: Drops): void;
  show(maps: readonly StackMap[]): void;
  redraw(): void;
}

/** Functions listed; more would not be read. */
const MOST_FUNCTIONS = 200;

export function createStacksView(
  root: HTMLElement,
  state: ViewState,
  host: { post(message: FromWebview): void; save(state: ViewState): void },
): StacksView {
  const command = (name: Extract<FromWebview, { type: 'command' }>['command']): void =>
    host.post({ type: 'command', command: name });
  let maps: readonly StackMap[] = [];
  let current: StackMap | null = null;
  let drawn: FlameData | null = null;
  let title = 'stacks';
  let paused = false;
  const draw = oncePerFrame(render);
  const changed = (): void => {
    host.save(state);
    draw();
  };

  const bar = createSessionBar(command);
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
    onChange: pressed => {
      paused = pressed;
      draw();
    },
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
      if (current) host.post({ type: 'copy', text: foldedStacks(current.stacks, state.weight) });
    },
  });
  const folded = button({
    label: 'Export Folded Stacks',
    icon: 'export',
    iconOnly: true,
    onClick: () => {
      if (current)
        host.post({
          type: 'export',
          format: 'folded',
          name: `${title}.folded`,
          content: foldedStacks(current.stacks, state.weight),
        });
    },
  });
  const speedscope = button({
    label: 'Export for speedscope',
    icon: 'json',
    iconOnly: true,
    onClick: () => {
      if (current)
        host.post({
          type: 'export',
          format: 'speedscope',
          name: `${title}.speedscope.json`,
          content: speedscopeProfile(current.stacks, state.weight, title, current.unit),
        });
    },
  });
  const svg = button({
    label: 'Save Picture (SVG)',
    icon: 'device-camera',
    iconOnly: true,
    onClick: () => {
      if (drawn)
        host.post({ type: 'export', format: 'svg', name: `${title}.svg`, content: flameSvg(drawn, 1200) });
    },
  });
  const controls = element(
    'div',
    { class: 'group' },
    reset,
    invert.element,
    pause.element,
    table.element,
    copy,
    folded,
    speedscope,
    svg,
  );
  const toolbar = element(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': 'Stacks' },
    bar.element,
    mapChoice.element,
    weightChoice.element,
    search.element,
    matched,
    element('span', { class: 'grow' }),
    controls,
  );

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
  const empty = element('div', { class: 'empty-host' });
  root.append(toolbar, bar.banner, content, empty);
  toolbar.hidden = true;
  showEmpty(noSessionView(true, command));

  function showEmpty(view: HTMLElement | null): void {
    content.hidden = view !== null;
    empty.hidden = view === null;
    for (const control of [controls, mapChoice.element, weightChoice.element, search.element, matched])
      control.hidden = view !== null;
    empty.replaceChildren(...(view ? [view] : []));
  }

  function render(): void {
    if (!paused || !current) current = maps.find(map => map.map === state.map) ?? maps[0] ?? null;
    if (!current || current.stacks.length === 0) return;
    showEmpty(null);
    const { stacks, unit } = current;
    mapChoice.element.hidden = maps.length < 2;
    mapChoice.options(maps.map(map => ({ value: map.map, label: map.label })));
    mapChoice.set(current.map);
    const hasValues = stacks.some(sample => sample.value !== null);
    const hasCounts = stacks.some(sample => sample.count > 0);
    weightChoice.element.hidden = !hasValues || !hasCounts;
    const weight: Weight = !hasValues ? 'count' : hasCounts ? state.weight : 'value';
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
      setText(legend.lastElementChild, `${format(tree.total)} in ${formatCount(stacks.length)} stacks`);
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
      toolbar.hidden = true;
      bar.banner.hidden = true;
      current = null;
      showEmpty(noSessionView(trusted, command));
    },
    session: (session, hasStacks) => {
      title = session.title;
      toolbar.hidden = false;
      bar.session(session);
      if (current && current.stacks.length > 0) return;
      showEmpty(
        !hasStacks
          ? emptyView(
              'This program keeps no stacks. A map whose key holds a stack, or the id of one in a stack map (BPF_MAP_TYPE_STACK_TRACE), shows up here.',
              [{ label: 'New Program from Template', run: () => command('openTemplates') }],
            )
          : session.state === 'running' || session.state === 'starting'
            ? emptyView('Attached; no stack yet. The flame graph grows from the first one.', [
                { label: 'Show Program', run: () => command('openProgram') },
              ])
            : emptyView('The session ended without a stack.', [
                { label: 'Attach Again', run: () => command('attachAgain') },
                { label: 'Show Log', run: () => command('showLog') },
              ]),
      );
    },
    drops: drops => bar.drops(drops),
    show: next => {
      maps = next;
      draw();
    },
    redraw: () => flame.redraw(),
  };
}
