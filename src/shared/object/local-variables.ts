/** Local variables of an object's functions, with their types: from DWARF, because BTF has none. */
import { type DwarfTypes, readDwarf } from '../dwarf/dwarf';
import { parseElf } from '../elf/elf';
import { ObjectError } from '../elf/object-error';

export type LocalVariables = DwarfTypes;

/** Null for an object without DWARF that can be read. `bytes` may be untrusted input. */
export function readLocalVariables(bytes: Uint8Array): LocalVariables | null {
  try {
    return readDwarf(parseElf(bytes));
  } catch (error) {
    if (error instanceof ObjectError || error instanceof RangeError) return null;
    throw error;
  }
}
