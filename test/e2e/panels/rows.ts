import type { Frame } from 'playwright-core';

/** Cells of the rows in view by their column, top to bottom. */
export function rowsIn(page: Frame): Promise<Record<string, string>[]> {
  return page.evaluate(() => {
    const columns = [...document.querySelectorAll('[role=columnheader]')].map(
      head => head.getAttribute('data-column') ?? '',
    );
    return [...document.querySelectorAll<HTMLElement>('.grid-body .grid-row:not([hidden])')]
      .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
      .map(row =>
        row.classList.contains('lost')
          ? { lost: row.textContent ?? '' }
          : Object.fromEntries(
              [...row.children].map((cell, at) => [columns[at] ?? '', cell.textContent ?? '']),
            ),
      );
  });
}

/** Rows listed, those out of view included. */
export const rowCount = async (page: Frame): Promise<number> =>
  Number(await page.locator('.grid').getAttribute('aria-rowcount')) - 1;
