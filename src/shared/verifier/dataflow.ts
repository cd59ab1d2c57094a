/** Traces the origin of a register's value back along the log's path, through copies, spills and calls. */
import { isRegister, type Operation, parseInstruction } from './instruction';
import type { LogStep, ProgramLog } from './model';
import { type RegisterState, registerState } from './registers';

/** One definition of a value: the step and its operation. */
export interface Definition {
  readonly at: number;
  readonly step: LogStep;
  readonly operation: Operation;
}

/** A conditional jump on the path and whether it was taken. */
export interface Decision extends Definition {
  readonly jumped: boolean;
}

/** Limit of the definitions followed for one value; more is a loop. */
const MAX_DEFINITIONS = 256;

export class Dataflow {
  readonly steps: readonly LogStep[];
  private readonly operations: (Operation | undefined)[] = [];

  constructor(private readonly log: ProgramLog) {
    this.steps = log.path;
  }

  operation(at: number): Operation {
    const known = this.operations[at];
    if (known) return known;
    const operation = parseInstruction(this.steps[at]?.text ?? '');
    this.operations[at] = operation;
    return operation;
  }

  /**
   * The definitions of the value in `register` just before step `before`, latest first. Follows copies, loads from the
   * stack and arithmetic; ends at a call, a constant or a load from other memory.
   */
  definitions(register: string, before: number): Definition[] {
    const chain: Definition[] = [];
    let wanted: string | null = register;
    let at = before;
    while (wanted !== null && chain.length < MAX_DEFINITIONS) {
      const found = this.definitionOf(wanted, at);
      if (!found) break;
      chain.push(found);
      const { operation } = found;
      at = found.at;
      switch (operation.kind) {
        case 'move':
          wanted = operation.from;
          break;
        case 'arithmetic':
          wanted = operation.to;
          break;
        case 'load': {
          const spilled = operation.base === 'r10' ? this.spillOf(found) : null;
          if (spilled !== null) chain.push(this.definition(spilled.at));
          wanted = spilled?.from ?? null;
          at = spilled?.at ?? at;
          break;
        }
        case 'call': {
          // One of the program's own functions: continue with its return value.
          const exit = operation.isLocal ? this.exitOf(found) : null;
          wanted = exit === null ? null : 'r0';
          at = exit ?? at;
          break;
        }
        default:
          wanted = null;
      }
    }
    return chain;
  }

  /** The register's state in the log after step `at`, or the latest one before; null when there is none. */
  stateOf(register: string, at: number): RegisterState | null {
    const name = register.toUpperCase();
    for (let index = at; index >= 0; index--) {
      const found = registerState(this.steps[index]?.state ?? '', name);
      if (found) return found;
      // Changed here, without a state in the log.
      if (this.writes(this.operation(index), register)) return null;
    }
    return registerState(this.log.entryState, name);
  }

  /** Conditional jumps of the path, latest first. */
  *decisions(): Generator<Decision> {
    for (let at = this.steps.length - 1; at >= 0; at--) {
      const operation = this.operation(at);
      const next = this.steps[at + 1];
      const step = this.steps[at];
      if (operation.kind !== 'branch' || !step || !next) continue;
      yield { at, step, operation, jumped: next.instruction !== step.instruction + 1 };
    }
  }

  private definition(at: number): Definition {
    const step = this.steps[at];
    if (!step) throw new RangeError(`no step ${at}`);
    return { at, step, operation: this.operation(at) };
  }

  private definitionOf(register: string, before: number): Definition | null {
    let frame = (this.steps[before] ?? this.steps.at(-1))?.frame ?? 0;
    for (let at = Math.min(before, this.steps.length) - 1; at >= 0; at--) {
      const step = this.steps[at];
      if (!step || step.frame > frame) continue;
      const operation = this.operation(at);
      if (step.frame < frame) {
        // At the function's call: r1 to r5 are its arguments, the other registers were new.
        if (!/^r[1-5]$/.test(register)) return null;
        frame = step.frame;
        continue;
      }
      if (this.writes(operation, register)) return this.definition(at);
    }
    return null;
  }

  private writes(operation: Operation, register: string): boolean {
    switch (operation.kind) {
      case 'move':
      case 'constant':
      case 'load':
      case 'arithmetic':
        return operation.to === register;
      case 'call':
        return /^r[0-5]$/.test(register);
      default:
        return false;
    }
  }

  /** The store to the stack slot that a load reads. */
  private spillOf(load: Definition): { at: number; from: string } | null {
    if (load.operation.kind !== 'load') return null;
    for (let at = load.at - 1; at >= 0; at--) {
      const step = this.steps[at];
      const operation = this.operation(at);
      if (step?.frame !== load.step.frame || operation.kind !== 'store') continue;
      if (operation.base === 'r10' && operation.offset === load.operation.offset)
        return isRegister(operation.from) ? { at, from: operation.from } : null;
    }
    return null;
  }

  private exitOf(call: Definition): number | null {
    for (let at = call.at + 1; at < this.steps.length; at++) {
      const step = this.steps[at];
      if (!step || step.frame <= call.step.frame) return null;
      if (step.frame === call.step.frame + 1 && step.text === 'exit') return at;
    }
    return null;
  }
}
