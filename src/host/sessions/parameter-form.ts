/**
 * The values of a program's parameters, asked before attach: one step per parameter, each with its default (or what
 * was said last time in this workspace) and checked while typing.
 */
import * as vscode from 'vscode';
import type { Parameter } from '../../shared/object/model';
import type { TemplateManifest } from '../../shared/template/manifest';
import { Cancelled } from '../errors';
import { refusal } from './parameter-choice';

export type ParameterWords = TemplateManifest['parameters'];

/** What was said for a program's parameters, by program path; per workspace. */
export class RememberedParameters {
  constructor(private readonly memento: vscode.Memento) {}

  get(program: vscode.Uri): ReadonlyMap<string, string> {
    return new Map(Object.entries(this.memento.get<Record<string, string>>(this.key(program), {})));
  }

  async set(program: vscode.Uri, values: ReadonlyMap<string, string>): Promise<void> {
    await this.memento.update(this.key(program), Object.fromEntries(values));
  }

  private key(program: vscode.Uri): string {
    return `parameters:${program.toString()}`;
  }
}

const BACK = Symbol('back');
type Answer = string | typeof BACK;

/** The form: one step per parameter, starting with `start`. Every value by C name. Throws Cancelled. */
export async function askParameters(
  title: string,
  parameters: readonly Parameter[],
  start: ReadonlyMap<string, string>,
  words: ParameterWords,
): Promise<ReadonlyMap<string, string>> {
  const values = new Map(start);
  for (let step = 0; step < parameters.length; ) {
    const parameter = parameters[step];
    if (!parameter) break;
    const answer = await askOne(title, parameter, values.get(parameter.name) ?? '', words, {
      step: step + 1,
      total: parameters.length,
    });
    if (answer === BACK) {
      step = Math.max(0, step - 1);
      continue;
    }
    values.set(parameter.name, answer);
    step++;
  }
  return values;
}

function labelOf(parameter: Parameter, words: ParameterWords): string {
  return words[parameter.name]?.label ?? parameter.label;
}

interface Position {
  readonly step: number;
  readonly total: number;
}

async function askOne(
  title: string,
  parameter: Parameter,
  value: string,
  words: ParameterWords,
  position: Position,
): Promise<Answer> {
  const choices = choicesOf(parameter);
  return choices
    ? pickValue(title, parameter, value, words, position, choices)
    : typeValue(title, parameter, value, words, position);
}

function choicesOf(parameter: Parameter): readonly { value: string; label: string }[] | null {
  if (parameter.storage === 'bool') {
    return [
      { value: 'false', label: 'false' },
      { value: 'true', label: 'true' },
    ];
  }
  if (!parameter.valueNames || parameter.meaning === 'flags') return null;
  return Object.entries(parameter.valueNames).map(([value, label]) => ({ value, label }));
}

function promptOf(parameter: Parameter, words: ParameterWords): string {
  const label = labelOf(parameter, words);
  const unit = parameter.unit ? ` (${parameter.unit})` : '';
  const help = words[parameter.name]?.help ?? parameter.help;
  const range =
    parameter.min === null && parameter.max === null
      ? ''
      : ` Between ${parameter.min ?? 'the least'} and ${parameter.max ?? 'the most'}.`;
  return `${label}${unit}.${help ? ` ${help}` : ''}${range}`;
}

function pickValue(
  title: string,
  parameter: Parameter,
  value: string,
  words: ParameterWords,
  position: Position,
  choices: readonly { value: string; label: string }[],
): Promise<Answer> {
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { value: string }>();
  pick.items = choices.map(choice => ({
    ...choice,
    description:
      choice.value === parameter.defaultValue || choice.label === parameter.defaultValue ? 'default' : '',
  }));
  pick.activeItems = pick.items.filter(item => item.value === value || item.label === value);
  pick.placeholder = promptOf(parameter, words);
  return ask(pick, title, position, () => pick.activeItems[0]?.value);
}

function typeValue(
  title: string,
  parameter: Parameter,
  value: string,
  words: ParameterWords,
  position: Position,
): Promise<Answer> {
  const box = vscode.window.createInputBox();
  box.value = value;
  box.prompt = promptOf(parameter, words);
  box.placeholder = words[parameter.name]?.placeholder ?? parameter.defaultValue;
  box.onDidChangeValue(text => {
    box.validationMessage = refusal(parameter, text) ?? undefined;
  });
  return ask(box, title, position, () => {
    const message = refusal(parameter, box.value);
    box.validationMessage = message ?? undefined;
    return message === null ? box.value : undefined;
  });
}

function ask(
  input: vscode.QuickPick<vscode.QuickPickItem & { value: string }> | vscode.InputBox,
  title: string,
  position: Position,
  accepted: () => string | undefined,
): Promise<Answer> {
  input.title = `Attach ${title}`;
  input.step = position.step;
  input.totalSteps = position.total;
  input.ignoreFocusOut = true;
  input.buttons = position.step > 1 ? [vscode.QuickInputButtons.Back] : [];
  return new Promise<Answer>((resolve, reject) => {
    input.onDidAccept(() => {
      const value = accepted();
      if (value !== undefined) resolve(value);
    });
    input.onDidTriggerButton(() => resolve(BACK));
    input.onDidHide(() => reject(new Cancelled()));
    input.show();
  }).finally(() => input.dispose());
}
