/** The filter's text field: completes column names, explains what is wrong in place. */
import type { Field } from '../../src/shared/object/model';
import { element, setAttributes, setText } from '../common/dom';
import { compileFilter, completeFilter, FilterError, type Predicate } from './filter';

export interface FilterBox {
  readonly element: HTMLElement;
  /** Explanation of a wrong expression; goes below the toolbar. */
  readonly problem: HTMLElement;
  /** Filters records of these columns, from `text` on. */
  start(fields: readonly Field[], text: string): void;
}

/** `onFilter` gets each valid expression as it is written; a wrong one keeps the last valid. */
export function createFilterBox(onFilter: (text: string, predicate: Predicate | null) => void): FilterBox {
  const input = element('input', {
    type: 'text',
    role: 'combobox',
    'aria-label': 'Filter',
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    'aria-controls': 'filter-list',
    placeholder: 'Filter, e.g. latency > 1ms && comm == "dd"',
    spellcheck: 'false',
    autocomplete: 'off',
    'aria-describedby': 'filter-problem',
  });
  const list = element('div', {
    class: 'suggestions',
    role: 'listbox',
    id: 'filter-list',
    'aria-label': 'Columns',
    hidden: true,
  });
  const problem = element('div', { class: 'filter-problem', id: 'filter-problem', role: 'status' });
  const host = element('div', { class: 'filter-box' }, input, list);
  let fields: readonly Field[] = [];
  let items: readonly { readonly text: string }[] = [];
  let from = 0;
  let active = -1;

  const close = (): void => {
    list.hidden = true;
    items = [];
    active = -1;
    setAttributes(input, { 'aria-expanded': 'false', 'aria-activedescendant': null });
  };
  const mark = (index: number): void => {
    active = index;
    [...list.children].forEach((child, at) => {
      setAttributes(child, { 'aria-selected': String(at === index) });
    });
    list.children[index]?.scrollIntoView({ block: 'nearest' });
    setAttributes(input, { 'aria-activedescendant': index < 0 ? null : `filter-item-${index}` });
  };
  const suggest = (): void => {
    const found = completeFilter(input.value, input.selectionStart ?? input.value.length, fields);
    if (found.items.length === 0) {
      close();
      return;
    }
    items = found.items;
    from = found.from;
    list.replaceChildren(
      ...found.items.map((item, index) => {
        const option = element(
          'div',
          { role: 'option', id: `filter-item-${index}`, 'aria-selected': 'false' },
          element('span', {}, item.text),
          element('span', { class: 'muted' }, item.detail),
        );
        // Before the blur that a click would cause.
        option.addEventListener('mousedown', event => {
          event.preventDefault();
          accept(index);
        });
        return option;
      }),
    );
    list.hidden = false;
    setAttributes(input, { 'aria-expanded': 'true' });
    mark(-1);
  };
  const accept = (index: number): void => {
    const item = items[index];
    if (!item) return;
    const caret = input.selectionStart ?? input.value.length;
    const after = input.value.slice(caret);
    const inserted = `${input.value.slice(0, from)}${item.text} `;
    input.value = inserted + after.trimStart();
    input.setSelectionRange(inserted.length, inserted.length);
    close();
    evaluate();
  };
  const evaluate = (): void => {
    try {
      const predicate = compileFilter(input.value, fields);
      setText(problem, '');
      setAttributes(input, { 'aria-invalid': null });
      onFilter(input.value, predicate);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      setText(problem, `At ${error.at + 1}: ${error.message}.`);
      setAttributes(input, { 'aria-invalid': 'true' });
    }
  };

  input.addEventListener('input', () => {
    evaluate();
    suggest();
  });
  input.addEventListener('blur', close);
  input.addEventListener('keydown', event => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      suggest();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (items.length === 0) return suggest();
      mark((active + (event.key === 'ArrowDown' ? 1 : -1) + items.length) % items.length);
    } else if ((event.key === 'Enter' || event.key === 'Tab') && active >= 0) {
      event.preventDefault();
      accept(active);
    } else if (event.key === 'Escape') {
      if (items.length > 0) close();
      else {
        input.value = '';
        evaluate();
      }
    }
  });
  return {
    element: host,
    problem,
    start: (next, text) => {
      fields = next;
      input.value = text;
      evaluate();
    },
  };
}
