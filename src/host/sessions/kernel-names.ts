/** Names of the kernel addresses in a session's records: each address is looked up once. */
import { decodeField } from '../../shared/decode/field';
import { addressesToName, kernelAddressFields } from '../../shared/decode/kernel-addresses';
import { indexPerfRecords } from '../../shared/decode/perf-records';
import { indexRingSpan } from '../../shared/decode/ring-span';
import type { RecordLayout } from '../../shared/object/model';
import type { StreamDescription, ToWebview } from '../../shared/protocol/webview';

/** Limit per session: a kernel has some hundred thousand functions, a program sees few of them. Further addresses stay unnamed. */
const ADDRESS_LIMIT = 65_536;
/** Limit per frame, of which some fifty arrive per second: a flood of stacks must not block the extension host. */
const LOOKED_AT_LIMIT = 4096;

export class SessionKernelNames {
  private readonly seen = new Set<bigint>();
  private readonly names = new Map<bigint, string>();

  /** `lookUp`: names in the order of the addresses, null for unknown ones. */
  constructor(
    private readonly sessionId: string,
    private readonly lookUp: (addresses: readonly bigint[]) => Promise<readonly (string | null)[]>,
  ) {}

  /** Looks up new addresses in the records. Resolves with the message for pages; null if there is nothing new. */
  async learn(stream: StreamDescription, bytes: Uint8Array): Promise<ToWebview | null> {
    const { record, content } = stream;
    if (record === null || content === 'printk' || kernelAddressFields(record).length === 0) return null;
    const fresh = this.unseen(record, content, bytes);
    if (fresh.length === 0) return null;
    const found = await this.lookUp(fresh);
    const named = fresh.flatMap((address, index) => {
      const name = found[index];
      return name ? [[address, name] as const] : [];
    });
    for (const [address, name] of named) this.names.set(address, name);
    return named.length > 0 ? { type: 'kernelNames', sessionId: this.sessionId, names: named } : null;
  }

  /** Every name so far, for a page that has just loaded. */
  hydration(): ToWebview[] {
    if (this.names.size === 0) return [];
    return [{ type: 'kernelNames', sessionId: this.sessionId, names: [...this.names] }];
  }

  private unseen(record: RecordLayout, content: 'ring' | 'perf', bytes: Uint8Array): bigint[] {
    const { count, offsets, lengths } = content === 'ring' ? indexRingSpan(bytes) : indexPerfRecords(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const fields = kernelAddressFields(record);
    const fresh: bigint[] = [];
    let lookedAt = 0;
    for (
      let index = 0;
      index < count && this.seen.size < ADDRESS_LIMIT && lookedAt < LOOKED_AT_LIMIT;
      index++
    ) {
      const offset = offsets[index] ?? 0;
      const end = offset + (lengths[index] ?? 0);
      for (const field of fields) {
        for (const address of addressesToName(record, field, decodeField(view, offset, field, end))) {
          lookedAt++;
          if (this.seen.has(address)) continue;
          this.seen.add(address);
          fresh.push(address);
        }
      }
    }
    return fresh;
  }
}
