/** The filter's text field: completes column names and shows errors below. */
import type { Field } from '../../src/shared/object/model';
import { element, setAttributes, setText } from '../common/dom';
import { type Completion, compileFilter, completeFilter, FilterError, type Predicate } from './filter';
import { Suggestions } from './suggestions';

export class FilterBox {
  private readonly input = element('input', {
    type: 'text',
    'aria-label': 'Filter',
    placeholder: 'Filter, e.g. latency > 1ms && comm == "dd"',
    spellcheck: 'false',
    autocomplete: 'off',
    'aria-describedby': 'filter-problem',
  });
  private readonly suggestions = new Suggestions(this.input, item => this.accept(item));
  /** The error in an invalid expression; goes below the toolbar. */
  readonly problem = element('div', { class: 'filter-problem', id: 'filter-problem', role: 'status' });
  readonly element = element('div', { class: 'filter-box' }, this.input, this.suggestions.element);
  private fields: readonly Field[] = [];
  /** Where in the text a suggestion is inserted. */
  private from = 0;

  /** `onFilter` receives each valid expression as it is typed; an invalid one keeps the last valid filter. */
  constructor(private readonly onFilter: (text: string, predicate: Predicate | null) => void) {
    this.input.addEventListener('input', () => {
      this.evaluate();
      this.suggest();
    });
    this.input.addEventListener('blur', () => this.suggestions.close());
    this.input.addEventListener('keydown', event => this.key(event));
  }

  /** Starts filtering records with these columns by `text`. */
  start(fields: readonly Field[], text: string): void {
    this.fields = fields;
    this.input.value = text;
    this.evaluate();
  }

  private key(event: KeyboardEvent): void {
    const { suggestions, input } = this;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : null;
    if (step !== null || (event.key === ' ' && event.ctrlKey)) {
      event.preventDefault();
      if (step !== null && suggestions.isOpen) suggestions.move(step);
      else this.suggest();
    } else if ((event.key === 'Enter' || event.key === 'Tab') && suggestions.accept()) event.preventDefault();
    else if (event.key === 'Escape' && suggestions.isOpen) suggestions.close();
    else if (event.key === 'Escape') {
      input.value = '';
      this.evaluate();
    }
  }

  private get caret(): number {
    return this.input.selectionStart ?? this.input.value.length;
  }

  private suggest(): void {
    const { from, items } = completeFilter(this.input.value, this.caret, this.fields);
    this.from = from;
    this.suggestions.show(items);
  }

  private accept(item: Completion): void {
    const { input } = this;
    const after = input.value.slice(this.caret);
    const inserted = `${input.value.slice(0, this.from)}${item.text} `;
    input.value = inserted + after.trimStart();
    input.setSelectionRange(inserted.length, inserted.length);
    this.suggestions.close();
    this.evaluate();
  }

  private evaluate(): void {
    const { input, problem } = this;
    try {
      const predicate = compileFilter(input.value, this.fields);
      setText(problem, '');
      setAttributes(input, { 'aria-invalid': null });
      this.onFilter(input.value, predicate);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      setText(problem, `At ${error.at + 1}: ${error.message}.`);
      setAttributes(input, { 'aria-invalid': 'true' });
    }
  }
}
