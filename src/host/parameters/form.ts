/**
 * The form for a program's parameters before attaching, in an editor tab. The host keeps the input, so that a hidden or
 * moved tab loses nothing; values are validated by the encoder that encodes them for the kernel.
 */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Target } from '../../session/targets/target';
import type { BpfObject } from '../../shared/object/model';
import {
  type FromParametersPage,
  parseParametersMessage,
  type ToParametersPage,
} from '../../shared/protocol/parameters-page';
import { webviewPageHtml } from '../../shared/protocol/webview-page';
import { Cancelled, present } from '../common/errors';
import type { Log } from '../common/log';
import { pageTab } from '../ui/items';
import { fieldValue, formFields, type ParameterWords } from './fields';
import { pickValue } from './pickers';
import { problemsOf } from './values';

export interface FormRequest {
  readonly title: string;
  readonly object: BpfObject;
  readonly target: Target;
  readonly start: ReadonlyMap<string, string>;
  readonly words: ParameterWords;
}

export class ParameterForm {
  /** `pages`: folder of the built pages. */
  constructor(
    private readonly pages: vscode.Uri,
    private readonly log: Log,
  ) {}

  /** Resolves with all values by C name, all valid. Throws Cancelled if the tab is closed. */
  ask(request: FormRequest): Promise<ReadonlyMap<string, string>> {
    const panel = pageTab('bpf.parameters', `Attach ${request.title}`, {
      enableScripts: true,
      localResourceRoots: [this.pages],
    });
    const form = new OpenForm(request, panel.webview, this.log);
    return new Promise<ReadonlyMap<string, string>>((resolve, reject) => {
      panel.onDidDispose(() => reject(new Cancelled()));
      panel.webview.onDidReceiveMessage(async (raw: unknown) => {
        const message = parseParametersMessage(raw);
        if (!message) {
          this.log.error(
            `the parameters page sent something that is not a message: ${JSON.stringify(raw)?.slice(0, 500)}`,
          );
          return;
        }
        if (message.type === 'cancel') reject(new Cancelled());
        else if ((await form.receive(message)) === 'attach') resolve(form.values);
      });
      panel.webview.html = this.html(panel.webview, request.title);
    }).finally(() => panel.dispose());
  }

  private html(webview: vscode.Webview, title: string): string {
    const uri = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(this.pages, file)).toString();
    return webviewPageHtml({
      title: `Parameters of ${title}`,
      cspSource: webview.cspSource,
      nonce: randomBytes(24).toString('hex'),
      scriptUri: uri('parameters.js'),
      styleUri: uri('parameters.css'),
    });
  }
}

class OpenForm {
  readonly values: Map<string, string>;

  constructor(
    private readonly request: FormRequest,
    private readonly webview: vscode.Webview,
    private readonly log: Log,
  ) {
    this.values = new Map(
      request.object.parameters.map(parameter => [
        parameter.name,
        fieldValue(parameter, request.start.get(parameter.name) ?? parameter.defaultValue),
      ]),
    );
  }

  /** Resolves with 'attach' when the user submits and every value is valid. */
  async receive(message: Exclude<FromParametersPage, { type: 'cancel' }>): Promise<'attach' | null> {
    const { object } = this.request;
    switch (message.type) {
      case 'ready':
        this.post({
          type: 'form',
          title: this.request.title,
          target: this.request.target.describe(),
          fields: formFields(object, this.request.words),
          values: Object.fromEntries(this.values),
          problems: problemsOf(object, this.values),
        });
        return null;
      case 'change':
        if (this.values.has(message.name)) this.values.set(message.name, message.value);
        this.tellProblems(null);
        return null;
      case 'pick':
        await this.pick(message.name).catch(error => present(error, this.log));
        return null;
      case 'attach': {
        const wrong = Object.keys(problemsOf(object, this.values));
        if (wrong.length === 0) return 'attach';
        this.tellProblems(object.parameters.find(({ name }) => wrong.includes(name))?.name ?? null);
        return null;
      }
      case 'pageError':
        this.log.error(`parameters page: ${message.message}`);
        return null;
    }
  }

  private async pick(name: string): Promise<void> {
    const { object, target } = this.request;
    const parameter = object.parameters.find(candidate => candidate.name === name);
    if (!parameter) return;
    const value = await pickValue({ parameter, object, values: this.values, target });
    if (value === null) return;
    this.values.set(name, value);
    this.post({ type: 'value', name, value });
    this.tellProblems(null);
  }

  private tellProblems(focus: string | null): void {
    this.post({ type: 'problems', problems: problemsOf(this.request.object, this.values), focus });
  }

  private post(message: ToParametersPage): void {
    this.webview.postMessage(message).then(undefined, error => this.log.warn(`parameters page: ${error}`));
  }
}
