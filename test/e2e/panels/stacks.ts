import { describe, expect, it } from 'vitest';
import { callStacks } from '../replay/known';
import type { PanelWindow } from './window';

/** Stacks by name, functions by weight. */
export function stacksPanel(panels: PanelWindow): void {
  describe('the Stacks panel', () => {
    it('has every stack by name, with the functions by their weight', async () => {
      panels.tellOnFailure();
      const page = await panels.attach('stacksnoop', 'Stacks');
      const stacks = callStacks();
      const calls = stacks.reduce((total, stack) => total + stack.calls, 0);
      const through = (name: string) =>
        stacks.filter(({ names }) => names.includes(name)).reduce((total, stack) => total + stack.calls, 0);
      const names = [...new Set(stacks.flatMap(stack => stack.names))];
      const shown = () =>
        page.$$eval('.functions tbody tr', rows =>
          Object.fromEntries(
            rows.map(row => [
              row.getAttribute('data-function') ?? '',
              [Number(row.getAttribute('data-self')), Number(row.getAttribute('data-total'))],
            ]),
          ),
        );
      await expect
        .poll(shown)
        .toEqual(
          Object.fromEntries(
            names.map(name => [`${name}_[k]`, [name === 'kernel_clone' ? calls : 0, through(name)]]),
          ),
        );
      const folded = await panels.exported(page, 'Folded Stacks', 'Folded stacks', 'stacksnoop.folded');
      expect(folded.trimEnd().split('\n').sort()).toEqual(
        stacks
          .map(
            stack =>
              `${[...stack.names]
                .reverse()
                .map(name => `${name}_[k]`)
                .join(';')} ${stack.calls}`,
          )
          .sort(),
      );
    });
  });
}
