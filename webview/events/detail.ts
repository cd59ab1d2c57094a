/** All fields of one record, formatted and unformatted. */

import { formatValue } from '../../src/shared/decode/format';
import { hexDump } from '../../src/shared/decode/hex-dump';
import type { FieldValue } from '../../src/shared/decode/model';
import type { Field } from '../../src/shared/object/model';
import { element } from '../common/dom';
import { button } from '../common/toolkit';
import type { EventStream } from './event-stream';

/** As many as fit the pane's width. */
const DUMP_BYTES_PER_LINE = 8;

/** The value without formatting, if that adds information. */
function plain(value: FieldValue): string {
  if (typeof value === 'object')
    return value instanceof Uint8Array ? `${value.byteLength} bytes` : value.join(', ');
  return String(value);
}

function termOf({ typeName, help, label }: Field): HTMLElement {
  return element('dt', { title: [typeName, help].filter(part => part !== '').join(' · ') }, label);
}

/** All bytes, below the line that names them. */
function dump(field: Field, bytes: Uint8Array): HTMLElement[] {
  const count = bytes.byteLength === 1 ? '1 byte' : `${bytes.byteLength} bytes`;
  const lines = hexDump(bytes, DUMP_BYTES_PER_LINE);
  return [
    termOf(field),
    element('dd', { 'data-field': field.name }, element('span', { class: 'muted' }, count)),
    ...(lines.length === 0 ? [] : [element('dd', { class: 'dump' }, lines.join('\n'))]),
  ];
}

export interface DetailPane {
  readonly element: HTMLElement;
  show(stream: EventStream, row: number): void;
}

export function createDetailPane(onClose: () => void): DetailPane {
  const title = element('h2');
  const list = element('dl', { class: 'mono' });
  const host = element(
    'section',
    { class: 'detail', 'aria-label': 'Record', hidden: true, tabindex: 0 },
    element(
      'div',
      { class: 'detail-head' },
      title,
      element('span', { class: 'grow' }),
      button({ label: 'Close', icon: 'close', iconOnly: true, onClick: onClose }),
    ),
    list,
  );
  host.addEventListener('keydown', event => {
    if (event.key === 'Escape') onClose();
  });
  return {
    element: host,
    show: (stream, row) => {
      const found = stream.store.row(row);
      title.textContent = found?.kind === 'record' ? `Record ${row + 1}` : 'Lost records';
      if (found?.kind !== 'record') {
        list.replaceChildren(
          element('dt', {}, 'Lost'),
          element('dd', {}, found ? String(found.lost) : 'no longer kept'),
        );
        return;
      }
      list.replaceChildren(
        ...stream.reader.fields.flatMap(field => {
          const value = stream.reader.value(found.view, found.offset, found.length, field);
          if (value instanceof Uint8Array && field.meaning === 'hexdump') return dump(field, value);
          const shown = stream.reader.shown(value, field);
          const raw = stream.reader.addressNames(value, field) ? formatValue(value, field) : plain(value);
          const term = termOf(field);
          const definition = element('dd', { 'data-field': field.name }, shown);
          if (raw !== shown && typeof value !== 'string')
            definition.append(element('span', { class: 'muted' }, ` ${raw}`));
          return [term, definition];
        }),
        element('dt', {}, 'Received'),
        element('dd', {}, new Date(found.atMs).toISOString().slice(11, 23)),
      );
    },
  };
}
