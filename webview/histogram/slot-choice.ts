/** How the slots of a histogram count, where nothing in the program states it: shown, and changed here. */
import { LOG2_CONVENTIONS, type Log2Convention, SLOT_RULES } from '../../src/shared/bpf/map-role';
import { element, setText } from '../common/dom';
import { dropdown } from '../common/toolkit';
import type { Series } from './series';

export class SlotChoice {
  private map = '';
  private readonly choice = dropdown<Log2Convention>(
    'How slots count',
    LOG2_CONVENTIONS.map(value => ({ value, label: value })),
    'libbpf-tools',
    convention => this.onChoice(this.map, convention),
  );
  private readonly rule = element('span', { class: 'muted' });
  readonly element = element(
    'span',
    {
      class: 'slots',
      hidden: true,
      title: 'The program does not state it: BPFW_SLOT_KIND() on the map or variable does.',
    },
    'Assumed: slots of ',
    this.choice.element,
    this.rule,
  );

  constructor(private readonly onChoice: (map: string, convention: Log2Convention) => void) {}

  draw({ map, slots }: Series): void {
    this.element.hidden = !slots?.assumed;
    if (!slots) return;
    this.map = map;
    this.choice.set(slots.convention);
    setText(this.rule, SLOT_RULES[slots.convention]);
  }
}
