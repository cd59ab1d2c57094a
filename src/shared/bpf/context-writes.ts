/**
 * Finds programs that write into their context. For uprobes that is the registers of the probed process, which Linux lets
 * them change since 6.18 (kprobe_prog_is_valid_access of kernel/trace/bpf_trace.c); no helper call shows it.
 *
 * Follows, over all paths, which registers and stack slots may hold the context or an address on the stack. What may be
 * one counts as one, so nothing is missed; older kernels refuse such a program themselves.
 */
import {
  CLASS,
  INSTRUCTION_BYTES,
  LOAD_IMMEDIATE_64,
  MODE_MEMORY,
  OPCODE,
  OPERATION,
  PSEUDO_CALL,
} from './opcodes';

const DOUBLE_WORD = 0x18;
/** Immediate of an atomic operation that only loads; its registers are then those of a load (Linux 6.15). */
const LOAD_ACQUIRE = 0x100;
/** Source register of a 64-bit load whose immediate is the distance to a function (BPF_PSEUDO_FUNC). */
const PSEUDO_FUNC = 4;
const FRAME = 10;
const ARGUMENTS = 0b111110;
const PRESERVED = 0b1111000000;
/** 8-byte slots of a frame of 512 bytes: two words of bits. */
const SLOTS = 64;

/** Bits by register and by slot, of what may be the context and what may be an address on the stack. */
interface State {
  context: number;
  stack: number;
  contextSlots: [number, number];
  stackSlots: [number, number];
}
const WORDS = 6;

/** True when these little-endian instructions, a program's after load, may store through the context it was given. */
export function mayWriteContext(instructions: Uint8Array): boolean {
  const analysis = new Analysis(instructions);
  // What one pass learns of memory that functions share may change what another finds.
  for (;;) {
    const before = analysis.shared;
    if (analysis.pass()) return true;
    if (analysis.shared === before) return false;
  }
}

class Analysis {
  private readonly view: DataView;
  private readonly count: number;
  /** Somewhere on a stack: an address of it that is not this frame's register may lead there. */
  private contextSpilled = false;
  private stackSpilled = false;
  /** By such an address: any slot may be the one. */
  private contextSpilledAnywhere = false;
  private stackSpilledAnywhere = false;
  private contextReturned = false;
  private readonly states: Int32Array;
  private readonly seen: Uint8Array;
  private work: number[] = [];

  constructor(instructions: Uint8Array) {
    this.view = new DataView(instructions.buffer, instructions.byteOffset, instructions.byteLength);
    this.count = Math.floor(instructions.byteLength / INSTRUCTION_BYTES);
    this.states = new Int32Array(this.count * WORDS);
    this.seen = new Uint8Array(this.count);
  }

  get shared(): number {
    return [
      this.contextSpilled,
      this.stackSpilled,
      this.contextSpilledAnywhere,
      this.stackSpilledAnywhere,
      this.contextReturned,
    ].filter(Boolean).length;
  }

  pass(): boolean {
    this.seen.fill(0);
    this.states.fill(0);
    this.flow(0, entry(1 << 1, 0));
    for (let at = this.work.pop(); at !== undefined; at = this.work.pop()) if (this.step(at)) return true;
    return false;
  }

  /** Joins the state into that before an instruction, which is looked at again when it grew. */
  private flow(at: number, state: State): void {
    if (at < 0 || at >= this.count) return;
    const base = at * WORDS;
    const words = [state.context, state.stack, ...state.contextSlots, ...state.stackSlots];
    let grew = this.seen[at] === 0;
    for (const [index, word] of words.entries()) {
      const old = this.states[base + index] ?? 0;
      if ((old | word) !== old) grew = true;
      this.states[base + index] = old | word;
    }
    this.seen[at] = 1;
    if (grew) this.work.push(at);
  }

  private before(at: number): State {
    const [context = 0, stack = 0, c0 = 0, c1 = 0, s0 = 0, s1 = 0] = this.states.subarray(
      at * WORDS,
      at * WORDS + WORDS,
    );
    return { context, stack, contextSlots: [c0, c1], stackSlots: [s0, s1] };
  }

  /** True for a store through the context. */
  private step(at: number): boolean {
    const place = at * INSTRUCTION_BYTES;
    const opcode = this.view.getUint8(place);
    const registers = this.view.getUint8(place + 1);
    const destination = registers & 0xf;
    const source = registers >> 4;
    const offset = this.view.getInt16(place + 2, true);
    const immediate = this.view.getInt32(place + 4, true);
    const state = this.before(at);

    switch (opcode & OPCODE.class) {
      case CLASS.ld:
        if (opcode === LOAD_IMMEDIATE_64) {
          // A callback: its arguments may be addresses on the stack of its caller.
          if (source === PSEUDO_FUNC) this.flow(at + 1 + immediate, entry(0, ARGUMENTS));
          set(state, destination, false, false);
          this.flow(at + 2, state);
          return false;
        }
        set(state, 0, false, false);
        break;
      case CLASS.ldx:
        this.load(state, opcode, destination, source, offset);
        break;
      case CLASS.st:
      case CLASS.stx:
        if ((opcode & OPCODE.mode) !== MODE_MEMORY && immediate === LOAD_ACQUIRE) {
          set(state, destination, this.contextSpilled, this.stackSpilled);
          break;
        }
        if (has(state.context, destination)) return true;
        if ((opcode & OPCODE.class) === CLASS.stx) this.store(state, opcode, destination, source, offset);
        break;
      case CLASS.alu:
      case CLASS.alu64: {
        const operation = opcode & OPCODE.operation;
        const isRegister = (opcode & OPCODE.sourceIsRegister) !== 0;
        const context = isRegister && has(state.context, source);
        const stack = isRegister && has(state.stack, source);
        if (operation === OPERATION.mov) set(state, destination, context, stack);
        else if (operation === OPERATION.add)
          set(
            state,
            destination,
            context || has(state.context, destination),
            stack || has(state.stack, destination),
          );
        break;
      }
      default:
        return this.jump(at, opcode, source, offset, immediate, state);
    }
    this.flow(at + 1, state);
    return false;
  }

  private load(state: State, opcode: number, destination: number, base: number, offset: number): void {
    const isPointer = (opcode & OPCODE.mode) === MODE_MEMORY && (opcode & OPCODE.size) === DOUBLE_WORD;
    const slot = slotOf(base, offset);
    if (isPointer && slot !== null)
      set(
        state,
        destination,
        this.contextSpilledAnywhere || hasSlot(state.contextSlots, slot),
        this.stackSpilledAnywhere || hasSlot(state.stackSlots, slot),
      );
    else {
      const fromStack = isPointer && has(state.stack, base);
      set(state, destination, fromStack && this.contextSpilled, fromStack && this.stackSpilled);
    }
  }

  private store(state: State, opcode: number, base: number, source: number, offset: number): void {
    if ((opcode & OPCODE.mode) !== MODE_MEMORY) {
      // An atomic exchange may bring back what a slot held.
      set(
        state,
        source,
        has(state.context, source) || this.contextSpilled,
        has(state.stack, source) || this.stackSpilled,
      );
      set(state, 0, this.contextSpilled, this.stackSpilled);
      return;
    }
    const context = has(state.context, source);
    const stack = has(state.stack, source);
    this.contextSpilled ||= context;
    this.stackSpilled ||= stack;
    const slot = slotOf(base, offset);
    if (slot === null) {
      this.contextSpilledAnywhere ||= context;
      this.stackSpilledAnywhere ||= stack;
      return;
    }
    setSlot(state.contextSlots, slot, context);
    setSlot(state.stackSlots, slot, stack);
  }

  private jump(
    at: number,
    opcode: number,
    source: number,
    offset: number,
    immediate: number,
    state: State,
  ): boolean {
    const operation = opcode & OPCODE.operation;
    if (operation === OPERATION.exit) {
      this.contextReturned ||= has(state.context, 0);
      return false;
    }
    if (operation === OPERATION.call) {
      const isLocal = source === PSEUDO_CALL;
      if (isLocal) this.flow(at + 1 + immediate, entry(state.context & ARGUMENTS, state.stack & ARGUMENTS));
      state.context &= PRESERVED;
      state.stack = (state.stack & PRESERVED) | (1 << FRAME);
      set(state, 0, isLocal && this.contextReturned, false);
      this.flow(at + 1, state);
      return false;
    }
    // By register: where it goes cannot be followed.
    if (operation === OPERATION.ja && (opcode & OPCODE.sourceIsRegister) !== 0) return true;
    // gotol (BPF_JMP32 | BPF_JA) keeps its distance in the immediate.
    const isAlways = operation === OPERATION.ja;
    this.flow(at + 1 + (isAlways && (opcode & OPCODE.class) === CLASS.jmp32 ? immediate : offset), state);
    if (!isAlways) this.flow(at + 1, state);
    return false;
  }
}

/** A function's beginning: its frame is empty. */
const entry = (context: number, stack: number): State => ({
  context,
  stack: stack | (1 << FRAME),
  contextSlots: [0, 0],
  stackSlots: [0, 0],
});

const has = (bits: number, register: number): boolean => ((bits >> register) & 1) === 1;

function set(state: State, register: number, context: boolean, stack: boolean): void {
  const bit = 1 << register;
  state.context = context ? state.context | bit : state.context & ~bit;
  state.stack = stack ? state.stack | bit : state.stack & ~bit;
}

/** The slot a whole pointer of this frame lies in; null for every other place. */
function slotOf(base: number, offset: number): number | null {
  const slot = -offset / 8 - 1;
  return base === FRAME && Number.isInteger(slot) && slot >= 0 && slot < SLOTS ? slot : null;
}

const hasSlot = (slots: readonly [number, number], slot: number): boolean =>
  (((slots[slot >> 5] ?? 0) >> (slot & 31)) & 1) === 1;

function setSlot(slots: [number, number], slot: number, isSet: boolean): void {
  const word = slot >> 5 === 0 ? 0 : 1;
  const bit = 1 << (slot & 31);
  slots[word] = isSet ? slots[word] | bit : slots[word] & ~bit;
}
