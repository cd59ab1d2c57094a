/** Pick lists and input boxes; the only access to VS Code's own, so that all their text is escaped. */
import * as vscode from 'vscode';
import { escapeMessage } from '../../shared/text/escape';

export interface Choice {
  /** Name of a codicon, shown before the label. */
  readonly icon?: string;
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
}

export interface ListTexts {
  readonly title?: string;
  readonly placeholder: string;
}

type Row<T> = vscode.QuickPickItem & { readonly choice: T | null };

function row<T extends Choice>(choice: T): Row<T> {
  const { icon, label, description, detail } = choice;
  return {
    label: `${icon === undefined ? '' : `$(${icon}) `}${escapeMessage(label)}`,
    ...(description === undefined ? {} : { description: escapeMessage(description) }),
    ...(detail === undefined ? {} : { detail: escapeMessage(detail) }),
    choice,
  };
}

/** A heading in a list. */
export class Heading {
  constructor(readonly text: string) {}
}

/** One of `choices`, or undefined if the list was closed. Typing matches labels, descriptions and details. */
export async function pickOne<T extends Choice>(
  choices: readonly (T | Heading)[],
  texts: ListTexts,
): Promise<T | undefined> {
  const rows = choices.map(
    (choice): Row<T> =>
      choice instanceof Heading
        ? { label: escapeMessage(choice.text), kind: vscode.QuickPickItemKind.Separator, choice: null }
        : row(choice),
  );
  const picked = await vscode.window.showQuickPick(rows, {
    ...(texts.title === undefined ? {} : { title: escapeMessage(texts.title) }),
    placeHolder: escapeMessage(texts.placeholder),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.choice ?? undefined;
}

/** A list shown before its items are known, and filtered by typing. */
export class PickList<T extends Choice> implements vscode.Disposable {
  private readonly list = vscode.window.createQuickPick<Row<T>>();
  /** The item that was picked; null if the list was closed. */
  readonly chosen: Promise<T | null>;

  constructor(texts: ListTexts & { readonly title: string }) {
    this.list.title = escapeMessage(texts.title);
    this.list.matchOnDescription = true;
    this.list.matchOnDetail = true;
    this.chosen = new Promise(resolve => {
      this.list.onDidAccept(() => resolve(this.list.activeItems[0]?.choice ?? null));
      this.list.onDidHide(() => resolve(null));
    });
    this.setPlaceholder(texts.placeholder);
    this.list.busy = true;
    this.list.show();
  }

  get typed(): string {
    return this.list.value;
  }

  get onDidType(): vscode.Event<string> {
    return this.list.onDidChangeValue;
  }

  setPlaceholder(placeholder: string): void {
    this.list.placeholder = escapeMessage(placeholder);
  }

  /** Shows these items; the list is no longer busy. */
  fill(choices: readonly T[]): void {
    this.list.items = choices.map(row);
    this.list.busy = false;
  }

  dispose(): void {
    this.list.dispose();
  }
}

export interface TextOptions {
  readonly title: string;
  readonly prompt: string;
  readonly placeholder?: string;
  readonly value?: string;
  /** Start and end of the selection in `value`. */
  readonly selection?: readonly [number, number];
  readonly password?: boolean;
  /** Keep the box open if it loses the focus. */
  readonly staysOpen?: boolean;
  /** Why a value is not valid, or null. */
  readonly problemOf?: (value: string) => Promise<string | null>;
}

/** The input, or undefined if the box was closed. */
export function askText(options: TextOptions): Thenable<string | undefined> {
  const { placeholder, value, selection, problemOf } = options;
  return vscode.window.showInputBox({
    title: escapeMessage(options.title),
    prompt: escapeMessage(options.prompt),
    password: options.password ?? false,
    ignoreFocusOut: options.staysOpen ?? false,
    ...(placeholder === undefined ? {} : { placeHolder: escapeMessage(placeholder) }),
    ...(value === undefined ? {} : { value }),
    ...(selection === undefined ? {} : { valueSelection: [...selection] }),
    ...(problemOf && {
      validateInput: async (typed: string) => {
        const problem = await problemOf(typed);
        return problem === null ? null : escapeMessage(problem);
      },
    }),
  });
}
