import { describe, expect, it } from 'vitest';
import type { StackSample } from '../../../src/shared/protocol/webview';
import { foldedStacks, speedscopeProfile } from '../../../webview/stacks/profile-formats';
import {
  buildTree,
  findPath,
  layoutBoxes,
  matchedWeight,
  pathOf,
  topFunctions,
} from '../../../webview/stacks/stack-tree';

const user = (name: string) => ({ name, module: 'app', kind: 'user' as const });
const kernel = (name: string) => ({ name, module: '', kind: 'kernel' as const });
const samples: StackSample[] = [
  { frames: [user('main'), user('read'), kernel('vfs_read')], key: { pid: 1 }, count: 6, value: 600 },
  { frames: [user('main'), user('walk'), user('walk'), user('walk')], key: { pid: 1 }, count: 3, value: 10 },
  { frames: [user('main'), user('read'), kernel('vfs_read')], key: { pid: 2 }, count: 1, value: null },
];

describe('stacks', () => {
  it('merge into a tree whose weights add up', () => {
    const tree = buildTree(samples, 'count', false);
    expect(tree.total).toBe(10);
    const main = tree.children[0];
    expect(main?.children.map(child => [child.name, child.total, child.self])).toEqual([
      ['read', 7, 0],
      ['walk', 3, 0],
    ]);
    expect(buildTree(samples, 'value', false).total).toBe(610);
  });
  it('invert from the innermost function', () => {
    const tree = buildTree(samples, 'count', true);
    expect(tree.children.map(child => [child.name, child.total])).toEqual([
      ['vfs_read', 7],
      ['walk', 3],
    ]);
    expect(tree.children[0]?.children[0]?.name).toBe('read');
  });
  it('lay out zoomed, ancestors in full width, and find the place again', () => {
    const tree = buildTree(samples, 'count', false);
    const read = tree.children[0]?.children[0] ?? tree;
    const boxes = layoutBoxes(read, 0);
    expect(boxes.map(box => [box.node.name, box.x, box.width])).toEqual([
      ['all', 0, 1],
      ['main', 0, 1],
      ['read', 0, 1],
      ['vfs_read', 0, 1],
    ]);
    expect(findPath(buildTree(samples, 'count', false), pathOf(read)).name).toBe('read');
    expect(findPath(tree, ['user:app:main', 'user:app:gone']).name).toBe('main');
    expect(layoutBoxes(tree, 0.5).map(box => box.node.name)).toEqual(['all', 'main', 'read', 'vfs_read']);
  });
  it('count recursion once', () => {
    expect(topFunctions(samples, 'count').map(entry => [entry.name, entry.self, entry.total])).toEqual([
      ['vfs_read', 7, 7],
      ['walk', 3, 3],
      ['main', 0, 10],
      ['read', 0, 7],
    ]);
    const tree = buildTree(samples, 'count', false);
    expect(matchedWeight(tree, node => node.name === 'walk')).toBe(3);
  });
  it('leave as folded lines and for speedscope', () => {
    expect(
      foldedStacks([...samples, { frames: [user('a;b')], key: {}, count: 2, value: null }], 'count'),
    ).toBe('a_b 2\nmain;read;vfs_read_[k] 7\nmain;walk;walk;walk 3\n');
    const profile = JSON.parse(speedscopeProfile(samples, 'value', 'x', 'bytes'));
    expect(profile.profiles[0]).toMatchObject({
      type: 'sampled',
      unit: 'bytes',
      endValue: 610,
      weights: [600, 10, 0],
    });
    expect(profile.profiles[0].samples[1].map((index: number) => profile.shared.frames[index].name)).toEqual([
      'main',
      'walk',
      'walk',
      'walk',
    ]);
  });
});
