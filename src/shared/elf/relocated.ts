import type { Elf } from './elf';

/**
 * The bytes of a debug section with its relocations applied. BPF uses SHT_REL: the addend is in place, and the symbol is
 * nearly always a section symbol with value 0 (R_BPF_64_ABS64, _ABS32 and _NODYLD32 of llvm_reloc.rst; older clang
 * versions use R_BPF_64_64 and _32 here).
 */
export function relocated(elf: Elf, name: string): DataView {
  const section = elf.section(name);
  if (!section) return new DataView(new ArrayBuffer(0));
  let bytes = section.bytes;
  let view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { offset, type, symbol, addend } of elf.relocations(section.index)) {
    if (!symbol || (symbol.value === 0 && addend === null)) continue;
    if (bytes === section.bytes) {
      // Not slice(): that of a Buffer does not copy.
      bytes = new Uint8Array(section.bytes);
      view = new DataView(bytes.buffer);
    }
    const wide = type === 1 || type === 2;
    if (offset + (wide ? 8 : 4) > bytes.byteLength) continue;
    const own =
      addend ??
      (wide ? Number(view.getBigUint64(offset, elf.littleEndian)) : view.getUint32(offset, elf.littleEndian));
    if (wide)
      view.setBigUint64(offset, BigInt.asUintN(64, BigInt(Math.trunc(own + symbol.value))), elf.littleEndian);
    else view.setUint32(offset, own + symbol.value, elf.littleEndian);
  }
  return view;
}
