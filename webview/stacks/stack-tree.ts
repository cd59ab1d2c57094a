/** Stacks merged into one tree, and what is computed from it. No DOM. */

import type { StackFrame, StackSample, ToWebview } from '../../src/shared/protocol/webview';

export interface StackNode {
  readonly name: string;
  readonly module: string;
  readonly kind: StackFrame['kind'] | 'root';
  readonly parent: StackNode | null;
  readonly depth: number;
  /** Weight of all stacks through this node. */
  total: number;
  /** Weight of the stacks that end here. */
  self: number;
  readonly children: StackNode[];
}

/** The stacks of one map. */
export type StackMap = Pick<
  Extract<ToWebview, { type: 'stacks' }>,
  'map' | 'label' | 'unit' | 'stacks' | 'lost'
>;

export type Weight = 'count' | 'value';

export function weightOf(sample: StackSample, weight: Weight): number {
  return weight === 'value' ? (sample.value ?? 0) : sample.count;
}

/** The label of a frame; kernel frames end in "_[k]", as in other flame graphs, so that colour is not needed. */
export function frameLabel(frame: Pick<StackNode, 'name' | 'kind'>): string {
  return frame.kind === 'kernel' ? `${frame.name}_[k]` : frame.name;
}

/**
 * Merges stacks from their outermost frame; `inverted` from their innermost, so that a function appears once with its
 * callers below. Children are ordered by name, so that the picture is stable while it grows.
 */
export function buildTree(samples: readonly StackSample[], weight: Weight, inverted: boolean): StackNode {
  const root = nodeOf({ name: 'all', module: '', kind: 'root' }, null);
  const index = new Map<StackNode, Map<string, StackNode>>();
  for (const sample of samples) {
    const amount = weightOf(sample, weight);
    if (amount <= 0) continue;
    let node = root;
    node.total += amount;
    const { frames } = sample;
    for (let step = 0; step < frames.length; step++) {
      const frame = frames[inverted ? frames.length - 1 - step : step];
      if (!frame) continue;
      let byName = index.get(node);
      if (!byName) {
        byName = new Map();
        index.set(node, byName);
      }
      const key = frameKey(frame);
      let child: StackNode | undefined = byName.get(key);
      if (!child) {
        child = nodeOf(frame, node);
        byName.set(key, child);
        node.children.push(child);
      }
      child.total += amount;
      node = child;
    }
    node.self += amount;
  }
  const order = (node: StackNode): void => {
    node.children.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.kind < b.kind ? -1 : 1));
    for (const child of node.children) order(child);
  };
  order(root);
  return root;
}

function nodeOf(
  { name, module, kind }: Pick<StackNode, 'name' | 'module' | 'kind'>,
  parent: StackNode | null,
): StackNode {
  return { name, module, kind, parent, depth: (parent?.depth ?? -1) + 1, total: 0, self: 0, children: [] };
}

function frameKey({ kind, name, module }: StackFrame): string {
  return `${kind}\u0000${name}\u0000${module}`;
}

/** A rectangle of the picture: x and width in 0..1 of the zoomed node, level 0 is the root. */
export interface Box {
  readonly node: StackNode;
  readonly x: number;
  readonly width: number;
  readonly level: number;
}

/** Boxes for a view zoomed to `zoomed`: its ancestors in full width above it, then its subtree. Too narrow ones are omitted. */
export function layoutBoxes(zoomed: StackNode, leastWidth: number): Box[] {
  const boxes: Box[] = [];
  for (let node: StackNode | null = zoomed; node; node = node.parent)
    boxes.unshift({ node, x: 0, width: 1, level: node.depth });
  const place = (node: StackNode, x: number): void => {
    let at = x;
    for (const child of node.children) {
      const width = child.total / zoomed.total;
      if (width >= leastWidth) {
        boxes.push({ node: child, x: at, width, level: child.depth });
        place(child, at);
      }
      at += width;
    }
  };
  if (zoomed.total > 0) place(zoomed, 0);
  return boxes;
}

/** The node of a rebuilt tree at the same path; else its nearest ancestor that still exists. */
export function findPath(root: StackNode, path: readonly string[]): StackNode {
  let node = root;
  for (const step of path) {
    const child = node.children.find(candidate => pathStep(candidate) === step);
    if (!child) break;
    node = child;
  }
  return node;
}
function pathStep(node: StackNode): string {
  return `${node.kind}:${node.module}:${node.name}`;
}
export function pathOf(node: StackNode): string[] {
  const path: string[] = [];
  for (let at: StackNode | null = node; at?.parent; at = at.parent) path.unshift(pathStep(at));
  return path;
}

/** Weight of all stacks that contain a matching frame; each stack once, however often it matches. */
export function matchedWeight(root: StackNode, matches: (node: StackNode) => boolean): number {
  const sum = (node: StackNode): number =>
    node.parent && matches(node) ? node.total : node.children.reduce((total, child) => total + sum(child), 0);
  return sum(root);
}

export interface FunctionTotals {
  readonly name: string;
  readonly module: string;
  readonly kind: StackFrame['kind'];
  self: number;
  /** Weight of the stacks through it, each once: recursion is not counted twice. */
  total: number;
}

/** Functions by their own weight, largest first. */
export function topFunctions(samples: readonly StackSample[], weight: Weight): FunctionTotals[] {
  const totals = new Map<string, FunctionTotals>();
  for (const sample of samples) {
    const amount = weightOf(sample, weight);
    const seen = new Set<string>();
    sample.frames.forEach((frame, index) => {
      const key = frameKey(frame);
      let entry = totals.get(key);
      if (!entry) {
        entry = { name: frame.name, module: frame.module, kind: frame.kind, self: 0, total: 0 };
        totals.set(key, entry);
      }
      if (index === sample.frames.length - 1) entry.self += amount;
      if (!seen.has(key)) entry.total += amount;
      seen.add(key);
    });
  }
  return [...totals.values()].sort(
    (a, b) => b.self - a.self || b.total - a.total || (a.name < b.name ? -1 : 1),
  );
}
