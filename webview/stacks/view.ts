/** The Stacks page: the flame graph of one map's stacks, and their functions as a table. */
import type { SessionSummary } from '../../src/shared/protocol/webview';
import { element, oncePerFrame, setText } from '../common/dom';
import { createPanelFrame, type ExportedFile, type PanelFrame } from '../common/panel-frame';
import type { ViewHost } from '../common/panel-page';
import { countOf, formatCount, formatQuantity, formatShare } from '../common/quantity';
import { foldedFile, functionsFile, pictureFile, speedscopeFile, stacksFile } from './export';
import type { FlameData } from './flame-drawing';
import { FlameGraph } from './flame-graph';
import { FunctionTable } from './function-table';
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
import type { ViewState } from './state';
import { Toolbar } from './toolbar';

export class StacksView {
  private maps: readonly StackMap[] = [];
  private current: StackMap | null = null;
  private drawn: FlameData | null = null;
  /** The user's choice, if the stacks have both. */
  private weight: Weight;
  readonly toolbar: Toolbar;
  private readonly flame = new FlameGraph(node => {
    this.state.zoom = pathOf(node);
    this.changed();
  });
  private readonly total = element('span', { class: 'total' });
  private readonly lost = element('div', { class: 'lost-stacks', role: 'status', hidden: true });
  private readonly functions = new FunctionTable();
  readonly frame: PanelFrame;
  private readonly draw = oncePerFrame(() => this.render());

  constructor(
    root: HTMLElement,
    private readonly state: ViewState,
    private readonly host: ViewHost<ViewState>,
  ) {
    this.weight = state.weight;
    this.toolbar = new Toolbar(state, {
      changed: () => this.changed(),
      pause: host.pause,
      copy: () => {
        if (this.current) host.post({ type: 'copy', text: foldedStacks(this.current.stacks, this.weight) });
      },
    });
    const legend = element(
      'div',
      { class: 'legend muted' },
      element('span', { class: 'user' }, 'user'),
      element('span', { class: 'kernel' }, 'kernel, _[k]'),
      this.total,
    );
    const flamePane = element('div', { class: 'flame-pane' }, legend, this.lost, this.flame.element);
    this.frame = createPanelFrame<'stacks'>(root, {
      label: 'Stacks',
      left: this.toolbar.left,
      right: this.toolbar.right,
      content: [element('div', { class: 'content' }, flamePane, this.functions.element)],
      exporters: {
        folded: () => this.current && foldedFile(this.current, this.weight),
        speedscope: () => this.current && speedscopeFile(this.current, this.weight, this.frame.title()),
        csv: () => this.current && functionsFile(this.current, this.weight),
        json: () => this.current && stacksFile(this.current),
        svg: () => this.picture('svg'),
        png: () => this.picture('png'),
      },
      post: host.post,
    });
  }

  /** The session was removed and no other is shown. */
  clear(): void {
    this.current = null;
  }

  session(session: SessionSummary, hasStacks: boolean): void {
    const words = {
      absent: hasStacks
        ? null
        : 'This program has no stacks. A map whose key holds a stack, or the id of one in a stack map (BPF_MAP_TYPE_STACK_TRACE), appears here.',
      waiting: 'Attached; no stack yet. The flame graph grows from the first one.',
      ended: 'The session ended without a stack.',
    };
    this.frame.session(session, this.current && this.current.stacks.length > 0 ? null : words);
  }

  show(maps: readonly StackMap[]): void {
    this.maps = maps;
    this.draw();
  }

  redraw(): void {
    this.flame.redraw();
  }

  private changed(): void {
    this.host.save(this.state);
    this.draw();
  }

  private picture(format: 'svg' | 'png'): Promise<ExportedFile> | null {
    return this.drawn && pictureFile(this.drawn, this.frame.title(), format);
  }

  private render(): void {
    const { state, maps } = this;
    const current = maps.find(map => map.map === state.map) ?? maps[0] ?? null;
    this.current = current;
    if (!current || current.stacks.length === 0) return;
    this.frame.showContent();
    const { stacks, unit } = current;
    const hasValues = stacks.some(sample => sample.value !== null);
    const hasCounts = stacks.some(sample => sample.count > 0);
    const weight = !hasValues ? 'count' : hasCounts ? state.weight : 'value';
    this.weight = weight;
    const format = (amount: number): string =>
      weight === 'value' ? formatQuantity(amount, unit) : formatCount(amount);
    const root = buildTree(stacks, weight, state.inverted);
    const zoomed = findPath(root, state.zoom);
    const wanted = state.search.trim().toLowerCase();
    const isFound = (frame: Pick<StackNode, 'name' | 'kind'>): boolean =>
      frameLabel(frame).toLowerCase().includes(wanted);
    const matches =
      wanted === '' ? null : (node: StackNode): boolean => node.parent !== null && isFound(node);
    this.drawn = { root, zoomed, matches, format };
    this.toolbar.show(maps, current, { choosable: hasValues && hasCounts, zoomed: zoomed !== root });
    const matched = matches && matchedWeight(root, matches) / Math.max(1, root.total);
    setText(this.toolbar.matched, matched === null ? '' : `${formatShare(matched)} matched`);
    this.flame.draw(this.drawn);
    setText(this.total, `${format(root.total)} in ${countOf(stacks.length, 'stack', 'stacks')}`);
    const lost = current.lost ?? [];
    this.lost.hidden = lost.length === 0;
    setText(this.lost, lost.join(' '));
    this.functions.element.classList.toggle('visually-hidden', !state.table);
    this.functions.draw(topFunctions(stacks, weight).filter(isFound), root.total, format);
  }
}
