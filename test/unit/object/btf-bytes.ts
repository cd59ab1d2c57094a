/** Writes BTF tables for tests, by the layout of Documentation/bpf/btf.rst. */
export class BtfBytes {
  private readonly types: number[] = [];
  private strings: string;

  /** `firstString`: '' for a base table; split tables have no leading empty string of their own. */
  constructor(
    private readonly littleEndian = true,
    private readonly stringsBefore = 0,
  ) {
    this.strings = stringsBefore === 0 ? '\0' : '';
  }

  get stringBytes(): number {
    return this.strings.length;
  }

  text(text: string): number {
    if (text === '') return 0;
    const offset = this.stringsBefore + this.strings.length;
    this.strings += `${text}\0`;
    return offset;
  }

  /** One type: its name, kind number, vlen, kind_flag, size_or_type and what follows, as 32-bit words. */
  add(
    name: string,
    kind: number,
    length: number,
    flag: boolean,
    sizeOrType: number,
    ...rest: number[]
  ): this {
    const info = ((flag ? 0x80000000 : 0) | (kind << 24) | length) >>> 0;
    this.types.push(this.text(name), info, sizeOrType, ...rest);
    return this;
  }

  bytes(): Uint8Array {
    const typeBytes = this.types.length * 4;
    const bytes = new Uint8Array(24 + typeBytes + this.strings.length);
    const view = new DataView(bytes.buffer);
    const { littleEndian } = this;
    view.setUint16(0, 0xeb9f, littleEndian);
    view.setUint8(2, 1);
    for (const [index, word] of [24, 0, typeBytes, typeBytes, this.strings.length].entries()) {
      view.setUint32(4 + index * 4, word, littleEndian);
    }
    for (const [index, word] of this.types.entries())
      view.setUint32(24 + index * 4, word >>> 0, littleEndian);
    for (let i = 0; i < this.strings.length; i++) bytes[24 + typeBytes + i] = this.strings.charCodeAt(i);
    return bytes;
  }
}
