import type { Btf, BtfType, BtfTypeId } from '../shared/btf/btf-model';

/** Caches Btf.type(), which decodes on every call: writing a header needs the same types many times. */
export class DecodedTypes {
  private readonly types = new Map<BtfTypeId, BtfType>();

  constructor(private readonly btf: Btf) {}

  get(id: BtfTypeId): BtfType {
    let type = this.types.get(id);
    if (type === undefined) {
      type = this.btf.type(id);
      this.types.set(id, type);
    }
    return type;
  }
}
