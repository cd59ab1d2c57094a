/** The form's elements: a field per parameter with its error below, and the buttons. Enter attaches, Escape closes. */
import type {
  FormField,
  FromParametersPage,
  ToParametersPage,
} from '../../src/shared/protocol/parameters-page';
import { element, setText } from '../common/dom';
import { displayUnit } from '../common/quantity';
import { button, checkbox, dropdown, type FormControl, textField } from '../common/toolkit';

type FormMessage = Extract<ToParametersPage, { type: 'form' }>;

export interface ParameterForm {
  show(message: FormMessage): void;
  /** Errors by field; fields that are missing are valid. `focus`: the field to focus. */
  problems(problems: Readonly<Record<string, string>>, focus: string | null): void;
  set(name: string, value: string): void;
}

interface FieldElements {
  readonly control: FormControl;
  readonly problem: HTMLElement;
  readonly field: FormField;
}

export function createForm(root: HTMLElement, post: (message: FromParametersPage) => void): ParameterForm {
  const fields = new Map<string, FieldElements>();

  // The toolkit's controls handle Enter and Escape themselves where they have a meaning: an open list, a button.
  document.addEventListener('keydown', event => {
    const target = event.target instanceof Element ? event.target : null;
    const list = target?.closest('vscode-dropdown');
    if (list?.hasAttribute('open') || (event.key === 'Enter' && (list || target?.closest('vscode-button'))))
      return;
    if (event.key === 'Enter') post({ type: 'attach' });
    else if (event.key === 'Escape') post({ type: 'cancel' });
    else return;
    event.preventDefault();
  });

  function change(name: string, value: string): void {
    post({ type: 'change', name, value });
  }

  function row(field: FormField, value: string): HTMLElement {
    const label = [field.label, field.unit && `(${displayUnit(field.unit)})`].filter(Boolean).join(' ');
    const control = controlOf(field, label, value, changed => change(field.name, changed));
    const problem = element('p', { class: 'problem', role: 'alert' });
    fields.set(field.name, { control, problem, field });
    const name = element('span', { class: 'label', 'aria-hidden': 'true' }, label);
    if (field.required) name.append(element('span', { class: 'required muted' }, ' required'));
    return element(
      'div',
      { class: 'field', 'data-parameter': field.name },
      ...(field.control.kind === 'flag' ? [] : [name]),
      element(
        'div',
        { class: 'control' },
        control.element,
        ...(field.picker === ''
          ? []
          : [button({ label: field.picker, onClick: () => post({ type: 'pick', name: field.name }) })]),
      ),
      problem,
      ...(field.help === '' ? [] : [element('p', { class: 'help' }, field.help)]),
      element('p', { class: 'facts muted' }, field.facts),
    );
  }

  return {
    show: ({ title, target, fields: all, values, problems }) => {
      fields.clear();
      root.replaceChildren(
        element(
          'div',
          { class: 'form', role: 'form', 'aria-label': `Parameters of ${title}` },
          element('h1', {}, `Attach ${title}`),
          element('p', { class: 'muted' }, `To ${target}. The values are remembered for this workspace.`),
          ...all.map(field => row(field, values[field.name] ?? field.defaultValue)),
          element(
            'div',
            { class: 'actions' },
            button({ label: 'Attach', primary: true, onClick: () => post({ type: 'attach' }) }),
            button({
              label: 'Restore Defaults',
              onClick: () => {
                for (const { field, control } of fields.values()) {
                  control.set(field.defaultValue);
                  change(field.name, field.defaultValue);
                }
              },
            }),
            button({ label: 'Cancel', onClick: () => post({ type: 'cancel' }) }),
            element('span', { class: 'muted keys' }, 'Enter attaches, Escape closes'),
          ),
        ),
      );
      applyProblems(problems);
      const first = all.find(({ name }) => problems[name] !== undefined) ?? all[0];
      if (first) fields.get(first.name)?.control.focus();
    },
    problems: (problems, focus) => {
      applyProblems(problems);
      if (focus !== null) fields.get(focus)?.control.focus();
    },
    set: (name, value) => {
      fields.get(name)?.control.set(value);
      fields.get(name)?.control.focus();
    },
  };

  function applyProblems(problems: Readonly<Record<string, string>>): void {
    for (const [name, { control, problem }] of fields) {
      const text = problems[name] ?? '';
      setText(problem, text);
      control.invalid(text);
    }
  }
}

/** `label`: accessible name of the control; a check box also shows it. */
function controlOf(
  field: FormField,
  label: string,
  value: string,
  onChange: (value: string) => void,
): FormControl {
  switch (field.control.kind) {
    case 'flag': {
      const box = checkbox(label, value === 'true', checked => onChange(String(checked)));
      return {
        element: box,
        set: next => {
          (box as HTMLElement & { checked: boolean }).checked = next === 'true';
        },
        focus: () => box.focus(),
        invalid: () => undefined,
      };
    }
    case 'choice': {
      const list = dropdown(label, field.control.options, value, onChange);
      return {
        element: list.element,
        set: list.set,
        focus: () => list.element.focus(),
        invalid: () => undefined,
      };
    }
    case 'text': {
      const input = textField(label, field.control.placeholder, onChange);
      input.set(value);
      return input;
    }
  }
}
