/** Converts a program's parameters to form fields. No `vscode`. */
import type { BpfObject, Parameter } from '../../shared/object/model';
import type { FieldControl, FormField } from '../../shared/protocol/parameters-page';
import type { TemplateManifest } from '../../shared/template/manifest';
import { missingTargets } from './values';

export type ParameterWords = TemplateManifest['parameters'];

/** One field per parameter, in the program's order. `words`: a template's texts, which override the object's. */
export function formFields(
  object: Pick<BpfObject, 'programs' | 'parameters'>,
  words: ParameterWords,
): FormField[] {
  const empty = new Map(object.parameters.map(({ name, defaultValue }) => [name, defaultValue]));
  const required = new Set(missingTargets(object, empty));
  return object.parameters.map(parameter => {
    const { name, label, unit, help, defaultValue } = parameter;
    return {
      name,
      label: words[name]?.label ?? label,
      unit,
      help: words[name]?.help ?? help,
      facts: factsOf(parameter),
      control: controlOf(parameter, words[name]?.placeholder),
      defaultValue,
      required: required.has(name),
      picker: PICKERS[parameter.role ?? 'none'],
    };
  });
}

/** The value as the field's control shows it: an enum constant by name, regardless of what was typed. */
export function fieldValue(parameter: Parameter, value: string): string {
  const control = controlOf(parameter);
  return control.kind === 'choice' ? (parameter.valueNames?.[value] ?? value) : value;
}

const PICKERS: Readonly<Record<NonNullable<Parameter['role']> | 'none', string>> = {
  pid: 'Choose Process…',
  tid: 'Choose Process…',
  comm: 'Choose Command…',
  device: 'Choose Disk…',
  path: 'Choose File…',
  function: 'Choose Function…',
  usdt: 'Choose Probe…',
  uid: '',
  none: '',
};

function controlOf(parameter: Parameter, placeholder?: string): FieldControl {
  if (parameter.storage === 'bool') return { kind: 'flag' };
  if (parameter.valueNames && parameter.meaning !== 'flags') {
    const names = Object.values(parameter.valueNames);
    return { kind: 'choice', options: names.map(name => ({ value: name, label: name })) };
  }
  return { kind: 'text', placeholder: placeholder ?? '' };
}

function factsOf(parameter: Parameter): string {
  const { min, max, defaultValue } = parameter;
  const range =
    min !== null && max !== null
      ? `${min} to ${max}`
      : min !== null
        ? `at least ${min}`
        : max !== null
          ? `at most ${max}`
          : '';
  return [parameter.name, typeOf(parameter), range, `default ${defaultValue === '' ? 'empty' : defaultValue}`]
    .filter(part => part !== '')
    .join(' · ');
}

function typeOf(parameter: Parameter): string {
  const { storage, size, valueNames } = parameter;
  if (storage === 'bool') return 'yes or no';
  if (valueNames) return parameter.meaning === 'flags' ? 'flags' : 'one of a list';
  if (storage === 'text') return `text, at most ${size - 1} bytes`;
  if (storage === 'bytes') return 'address';
  return `${storage.startsWith('i') ? 'whole number' : 'whole number from 0'}, ${size * 8} bits`;
}
