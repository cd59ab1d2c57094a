import type { Btf, BtfTypeId } from '../btf/btf-model';
import type { DwarfTypes } from '../dwarf/dwarf';
import type { Elf } from '../elf/elf';
import type { Variable } from './data-section';
import type { BufferWrite, CodeIndex, FunctionCode } from './instructions';
import type { DeclaredMap } from './maps';
import type { RecordLayout } from './model';
import { hasFlexibleEnd, recordLayoutOf } from './record-layout';

/** A type in one of the two type tables of an object (BTF, DWARF). */
interface Candidate {
  readonly table: Btf;
  readonly id: BtfTypeId;
  /** Name of the variable that has the type, or ''. */
  readonly via: string;
}

/** The type of a map's records, and why; `why` completes "because of ...". */
export interface FoundRecord {
  readonly layout: RecordLayout;
  readonly why: string;
}

const recordFound = ({ table, id }: Candidate, why: string): FoundRecord => ({
  layout: recordLayoutOf(table, id),
  why,
});

const RECORD_TYPE_NAME = /event|record|sample|data|evt|info|msg|log|entry/i;
const RECORD_VARIABLE_NAME =
  /^(e|ev|evt|event|rec|record|r|d|data|sample|s|info|msg|log|entry|task_info|eventp|buf)$|_?(event|record|data)$/;

/** Determines the record type that programs write to each ring or perf buffer. */
export class EventRecords {
  private readonly writes = new Map<string, { write: BufferWrite; by: FunctionCode }[]>();
  private gadgetEvents: Map<string, string> | null = null;
  private structsBySize: Map<number, Candidate[]> | null = null;

  constructor(
    private readonly elf: Elf,
    private readonly btf: Btf,
    code: CodeIndex,
    functions: Iterable<FunctionCode>,
    /** Global variables of data sections: some exist only to keep a record's type in BTF. */
    private readonly variables: readonly Variable[],
    private readonly debugTypes: () => DwarfTypes | null,
  ) {
    for (const by of functions) {
      for (const write of code.facts(by).writes) {
        const list = this.writes.get(write.map) ?? [];
        this.writes.set(write.map, list);
        list.push({ write, by });
      }
    }
  }

  isWritten(map: string): boolean {
    return this.writes.has(map);
  }

  /**
   * The record of a map, from the first of these that determines it: the tag bpfw:record; Inspektor Gadget's marker
   * symbol; the map's value type; a global pointer named after the map; the local variables (DWARF) of the writing
   * functions; any global pointer to a struct; a struct in BTF. For the last three the type must have the constant sizes
   * that the programs pass to bpf_ringbuf_reserve, _output or bpf_perf_event_output; one with a flexible array at its end
   * may be smaller. null when none has.
   */
  recordOf(map: DeclaredMap, buffers: number): FoundRecord | null {
    const { name } = map.definition;
    const tagged = map.tags.get('record') ?? this.gadgetEvent(name);
    if (tagged !== null) {
      const found = this.byName(tagged);
      if (found)
        return recordFound(found, map.tags.has('record') ? 'the tag record' : 'the symbol gadget_tracer_');
    }
    // Newer versions of bpf2go declare it as the value type of the buffer itself.
    const declared = map.valueType === null ? null : this.btf.resolve(map.valueType);
    if (declared !== null && this.btf.kind(declared) === 'struct')
      return recordFound({ table: this.btf, id: declared, via: '' }, 'the value type of the map');
    const sizes = new Set((this.writes.get(name) ?? []).map(({ write }) => write.size));
    const constant = [...sizes].filter(size => size !== null);
    const marker = this.byMarker(name, constant, 'own');
    if (marker) return recordFound(marker, `the pointer ${marker.via}`);
    const local = this.byLocals(name, constant);
    if (local) return recordFound(local, `the variable ${local.via} of a program that writes it`);
    const other = constant.length > 0 || buffers === 1 ? this.byMarker(name, constant, 'any') : null;
    if (other) return recordFound(other, `the pointer ${other.via}`);
    const sized = constant.length === 1 ? this.bySize(constant[0]) : null;
    return sized && recordFound(sized, `its ${constant[0]} bytes, which no other struct of such a name has`);
  }

  /** GADGET_TRACER(name, map, event) defines a symbol gadget_tracer_<name>___<map>___<event> (include/gadget/macros.h). */
  private gadgetEvent(map: string): string | null {
    if (!this.gadgetEvents) {
      this.gadgetEvents = new Map();
      for (const symbol of this.elf.symbols) {
        if (!symbol.name.startsWith('gadget_tracer_')) continue;
        const [, of, event] = symbol.name.split('___');
        if (of && event) this.gadgetEvents.set(of, event);
      }
    }
    return this.gadgetEvents.get(map) ?? null;
  }

  /** "struct event", "union u", "event" (a struct's name or a typedef). */
  private byName(cName: string): Candidate | null {
    const name = cName
      .replace(/^(const|volatile)\s+/, '')
      .replace(/^(struct|union)\s+/, '')
      .trim();
    const look = (table: Btf): Candidate | null => {
      const id = table.find('struct', name) ?? table.find('typedef', name) ?? table.find('union', name);
      return id === null ? null : { table, id, via: '' };
    };
    const dwarf = this.debugTypes();
    return look(this.btf) ?? (dwarf ? look(dwarf.types) : null);
  }

  /** `const struct event *unused`: used by bpf2go, BPFW_RINGBUF and many programs. */
  private byMarker(map: string, sizes: readonly number[], which: 'own' | 'any'): Candidate | null {
    const candidates: Candidate[] = [];
    for (const variable of this.variables) {
      const pointer = this.btf.type(this.btf.resolve(variable.type));
      if (pointer.kind !== 'ptr' || (which === 'own' && !variable.name.startsWith(map))) continue;
      const id = this.btf.resolve(pointer.type);
      if (this.btf.kind(id) !== 'struct') continue;
      if (!hasSizes(this.btf, id, sizes)) continue;
      candidates.push({ table: this.btf, id, via: variable.name });
    }
    return single(candidates);
  }

  /** Local variables of the writing functions: by the record's sizes, or when they are not known, by name only. */
  private byLocals(map: string, sizes: readonly number[]): Candidate | null {
    const dwarf = this.debugTypes();
    if (!dwarf) return null;
    const candidates: Candidate[] = [];
    for (const by of new Set((this.writes.get(map) ?? []).map(write => write.by))) {
      for (const local of dwarf.localsOf(by.name)) {
        const { types } = dwarf;
        const own = types.type(types.resolve(local.type));
        const id = types.resolve(own.kind === 'ptr' ? own.type : local.type);
        const kind = types.kind(id);
        if (kind !== 'struct' && kind !== 'union') continue;
        if (types.sizeOf(id) > 0 && hasSizes(types, id, sizes))
          candidates.push({ table: types, id, via: local.name });
      }
    }
    if (sizes.length === 0) return single(candidates.filter(candidate => namesFit(candidate) === 2));
    for (const needed of [2, 1, 0]) {
      const fitting = candidates.filter(candidate => namesFit(candidate) >= needed);
      if (fitting.length > 0) return single(fitting);
    }
    return null;
  }

  /** Without DWARF: the only struct of that size with the name of a record. */
  private bySize(size: number | undefined): Candidate | null {
    if (size === undefined || this.debugTypes()) return null;
    if (!this.structsBySize) {
      this.structsBySize = new Map();
      for (const id of this.btf.ids('struct')) {
        if (!RECORD_TYPE_NAME.test(this.btf.name(id))) continue;
        const bytes = this.btf.sizeOf(id);
        const list = this.structsBySize.get(bytes) ?? [];
        this.structsBySize.set(bytes, list);
        list.push({ table: this.btf, id, via: '' });
      }
    }
    return single(this.structsBySize.get(size) ?? []);
  }
}

/** True when records of these sizes, at least 0 of them, can be of the type. */
function hasSizes(table: Btf, id: BtfTypeId, sizes: readonly number[]): boolean {
  const own = table.sizeOf(id);
  const others = sizes.filter(size => size !== own);
  return others.length === 0 || (others.every(size => size > own) && hasFlexibleEnd(table, id));
}

/** How many of type and variable are named like a record: 0 to 2. */
function namesFit({ table, id, via }: Candidate): number {
  return Number(RECORD_TYPE_NAME.test(table.name(id))) + Number(RECORD_VARIABLE_NAME.test(via));
}

/** The candidate if all have the same type; types are equal by table and name (or id when unnamed). */
function single<C extends Candidate>(candidates: readonly C[]): C | null {
  const [first] = candidates;
  if (!first) return null;
  const key = (candidate: C) => candidate.table.name(candidate.id) || String(candidate.id);
  return candidates.every(candidate => key(candidate) === key(first)) ? first : null;
}
