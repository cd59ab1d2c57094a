import { indexPerfRecords } from '../../shared/decode/perf-records';
import { countRingRecords } from '../../shared/decode/ring-span';
import type { StreamDescription } from '../../shared/protocol/webview';

const NEWLINE = 0x0a;

/** Records in a frame's bytes: committed ring buffer or perf records, or lines. */
export function countRecords(content: StreamDescription['content'], bytes: Uint8Array): number {
  switch (content) {
    case 'ring':
      return countRingRecords(bytes);
    case 'perf':
      return indexPerfRecords(bytes).count;
    case 'printk': {
      let lines = bytes.length > 0 && bytes.at(-1) !== NEWLINE ? 1 : 0;
      for (const byte of bytes) if (byte === NEWLINE) lines++;
      return lines;
    }
  }
}
