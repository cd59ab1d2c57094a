/** Parts of BPF's instructions: RFC 9669, sections 3 to 5. */
export const INSTRUCTION_BYTES = 8;
/** Masks of an opcode; `mode` and `size` are those of loads and stores, the others' are of arithmetic and jumps. */
export const OPCODE = {
  class: 0x07,
  sourceIsRegister: 0x08,
  operation: 0xf0,
  size: 0x18,
  mode: 0xe0,
} as const;
/** BPF_MEM: an ordinary load or store. */
export const MODE_MEMORY = 0x60;
/** BPF_DW: eight bytes. */
export const SIZE_64 = 0x18;
export const CLASS = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, jmp32: 6, alu64: 7 } as const;
/** Of arithmetic (add, mov) and of jumps (ja, call, exit). */
export const OPERATION = {
  add: 0x00,
  lsh: 0x60,
  rsh: 0x70,
  mov: 0xb0,
  arsh: 0xc0,
  ja: 0x00,
  call: 0x80,
  exit: 0x90,
} as const;
/** Two instructions long. */
export const LOAD_IMMEDIATE_64 = 0x18;
export const CALL = CLASS.jmp | OPERATION.call;
/** Source register of a call: a helper's number, or the distance to a function of the object. */
export const HELPER_CALL = 0;
export const PSEUDO_CALL = 1;
