/**
 * The only module that uses @vscode/webview-ui-toolkit. That package was archived in January 2025: to replace it,
 * rewrite these functions; nothing else changes.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit/dist/index.js';
import { icon, setText } from './dom';

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeTextField(),
);

export interface ButtonOptions {
  readonly label: string;
  /** Codicon name; with `iconOnly` the label is for screen readers and the tooltip. */
  readonly icon?: string;
  readonly iconOnly?: boolean;
  readonly primary?: boolean;
  readonly title?: string;
  readonly onClick: () => void;
}

/** A push button. */
export function button(options: ButtonOptions): HTMLElement {
  const created = document.createElement('vscode-button');
  created.setAttribute('appearance', options.iconOnly ? 'icon' : options.primary ? 'primary' : 'secondary');
  if (options.iconOnly && options.icon) {
    created.setAttribute('aria-label', options.label);
    created.append(icon(options.icon));
  } else {
    if (options.icon) {
      const start = icon(options.icon);
      start.slot = 'start';
      created.append(start);
    }
    created.append(options.label);
  }
  created.title = options.title ?? (options.iconOnly ? options.label : '');
  created.addEventListener('click', options.onClick);
  return created;
}

export interface Toggle {
  readonly element: HTMLElement;
  set(pressed: boolean): void;
}

/** A button that stays pressed. Its state is in aria-pressed and in its border, not only in its colour. */
export function toggle(
  options: Omit<ButtonOptions, 'onClick'> & { pressed: boolean; onChange: (pressed: boolean) => void },
): Toggle {
  let pressed = options.pressed;
  const created = button({
    ...options,
    onClick: () => {
      set(!pressed);
      options.onChange(pressed);
    },
  });
  created.classList.add('toggle');
  const set = (value: boolean): void => {
    pressed = value;
    created.setAttribute('aria-pressed', String(value));
    tellInnerButton();
  };
  // The toolkit passes aria-label to the inner button, but not aria-pressed (1.4.0).
  const tellInnerButton = (): void => {
    const inner = created.shadowRoot?.querySelector('button');
    inner?.setAttribute('aria-pressed', String(pressed));
  };
  whenRendered(created, tellInnerButton);
  set(pressed);
  return { element: created, set };
}

/** Runs once the element has rendered its inner elements, after it was added to the document. */
function whenRendered(target: HTMLElement, run: () => void): void {
  if (target.shadowRoot?.firstElementChild) run();
  else if (target.shadowRoot) {
    const observer = new MutationObserver(() => {
      observer.disconnect();
      run();
    });
    observer.observe(target.shadowRoot, { childList: true });
  }
}

export interface Choice<Value extends string> {
  readonly element: HTMLElement;
  set(value: Value): void;
  /** Replaces the options; keeps the selection if it still exists. */
  options(options: readonly { readonly value: Value; readonly label: string }[]): void;
}

/** A drop-down list. `label` is its accessible name; the options are worded so that no visible label is needed. */
export function dropdown<Value extends string>(
  label: string,
  options: readonly { readonly value: Value; readonly label: string }[],
  value: Value,
  onChange: (value: Value) => void,
): Choice<Value> {
  const list = document.createElement('vscode-dropdown') as HTMLElement & { value: string };
  list.setAttribute('aria-label', label);
  list.title = label;
  let current = value;
  let known = '';
  const fill = (next: readonly { readonly value: Value; readonly label: string }[]): void => {
    const signature = JSON.stringify(next);
    if (signature === known) return;
    known = signature;
    list.replaceChildren(
      ...next.map(option => {
        const created = document.createElement('vscode-option');
        created.setAttribute('value', option.value);
        setText(created, option.label);
        if (option.value === current) created.setAttribute('selected', '');
        return created;
      }),
    );
  };
  fill(options);
  list.addEventListener('change', () => {
    if (list.value === current) return;
    current = list.value as Value;
    onChange(current);
  });
  return {
    element: list,
    set: next => {
      current = next;
      // The element upgrades asynchronously after it is connected; until then the attribute counts.
      if (list.isConnected) list.value = next;
      for (const option of list.children)
        option.toggleAttribute('selected', option.getAttribute('value') === next);
    },
    options: fill,
  };
}

/** A check box with its label. */
export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const created = document.createElement('vscode-checkbox') as HTMLElement & { checked: boolean };
  created.toggleAttribute('checked', checked);
  created.append(label);
  created.addEventListener('change', () => onChange(created.checked));
  return created;
}

/** Operations on a form's field. */
export interface FormControl {
  readonly element: HTMLElement;
  set(text: string): void;
  focus(): void;
  /** Marks the text as invalid; '' removes the mark. The message is shown in a separate element. */
  invalid(message: string): void;
}

/** A one-line text field with a placeholder; `label` is its accessible name. */
export function textField(label: string, placeholder: string, onInput: (text: string) => void): FormControl {
  const created = document.createElement('vscode-text-field') as HTMLElement & { value: string };
  // Once connected, the toolkit names it "Text field", overwriting an earlier name (1.4.0).
  whenRendered(created, () => created.setAttribute('aria-label', label));
  created.setAttribute('placeholder', placeholder);
  created.addEventListener('input', () => onInput(created.value));
  return {
    element: created,
    set: text => {
      created.value = text;
    },
    focus: () => created.focus(),
    invalid: message => {
      created.classList.toggle('invalid', message !== '');
      created.setAttribute('aria-invalid', String(message !== ''));
    },
  };
}
