import { parseAttachPoint } from '../../src/shared/bpf/attach-point';
import type { BpfObject, Program } from '../../src/shared/object/model';

/** A program that only has a name and a section. */
export function plainProgram(name: string, section: string, over: Partial<Program> = {}): Program {
  return {
    name,
    section: section.replace(/^\?/, ''),
    autoload: !section.startsWith('?'),
    attachPoint: parseAttachPoint(section),
    choice: null,
    needs: [],
    targetParameter: null,
    ifunc: null,
    perf: null,
    instructionCount: 1,
    helperIds: [],
    kfuncs: [],
    uses: [],
    sourceLines: [],
    ...over,
  };
}

/** An object without maps and types. */
export function plainObject(programs: readonly Program[], over: Partial<BpfObject> = {}): BpfObject {
  return {
    name: 'x',
    license: 'GPL',
    programs,
    maps: [],
    parameters: [],
    globals: [],
    usesPrintk: false,
    btf: null,
    rootTypeIds: {},
    ...over,
  };
}
