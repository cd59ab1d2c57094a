/** Controls used in the toolbars of several panels. */
import { button, type Choice, dropdown, type Toggle, textField, toggle } from './toolkit';

/** A toggle for a boolean of the page's state: pressing changes it, then calls `changed`. */
export function stateToggle<Name extends string>(
  state: Record<Name, boolean>,
  name: Name,
  options: { readonly label: string; readonly title: string; readonly icon?: string },
  changed: () => void,
): Toggle {
  return toggle({
    ...options,
    pressed: state[name],
    onChange: pressed => {
      state[name] = pressed;
      changed();
    },
  });
}

/** A text field for the page's search. */
export function searchField(state: { search: string }, label: string, changed: () => void): HTMLElement {
  const field = textField(label, label, text => {
    state.search = text;
    changed();
  });
  field.set(state.search);
  return field.element;
}

/** A drop-down list for a member of the page's state. */
export function stateDropdown<Name extends string, Value extends string>(
  state: Record<Name, Value>,
  name: Name,
  label: string,
  options: readonly { readonly value: Value; readonly label: string }[],
  changed: () => void,
): Choice<Value> {
  return dropdown<Value>(label, options, state[name], value => {
    state[name] = value;
    changed();
  });
}

export function pauseToggle(title: string, onChange: (paused: boolean) => void): Toggle {
  return toggle({ label: 'Pause', icon: 'debug-pause', title, pressed: false, onChange });
}

export function copyButton(label: string, onClick: () => void): HTMLElement {
  return button({ label, icon: 'copy', iconOnly: true, onClick });
}

/** Sort column and direction. */
export interface SortChoice {
  readonly column: string;
  readonly descending: boolean;
}

/** The next order after a click on a heading: largest first, then smallest, then the list's own order (null). */
export function nextSort(sort: SortChoice | null, column: string): SortChoice | null {
  if (sort?.column !== column) return { column, descending: true };
  return sort.descending ? { column, descending: false } : null;
}
