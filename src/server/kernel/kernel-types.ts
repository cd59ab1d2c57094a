/** Where programs can attach and which types there are, from a kernel's BTF; names are collected once. */
import type { Btf, BtfMember, BtfTypeId } from '../../shared/btf/btf-model';
import { declaration } from './btf-c';
import { BtfNames, type Enumerator, type NamedKind } from './btf-names';
import { unmarkedKfuncs } from './kfunc-history';

export interface KernelParameter {
  readonly name: string;
  /** C declaration with the name. */
  readonly text: string;
  readonly type: BtfTypeId;
}

export interface KernelSignature {
  readonly name: string;
  readonly returnType: string;
  readonly returnsNothing: boolean;
  readonly parameters: readonly KernelParameter[];
}

interface Names {
  readonly functions: readonly string[];
  readonly tracepoints: readonly string[];
  readonly syscalls: readonly string[];
  readonly lsmHooks: readonly string[];
  readonly iterators: readonly string[];
}

/** A syscall's functions by architecture and wrapper level (arch/*\/include/asm/syscall_wrapper.h). */
const SYSCALL_PREFIX =
  /^(?:__(?:x64|arm64|riscv|s390x|loongarch)_sys_|__do_sys_|__se_sys_|ksys_)(?!ni_syscall)/;
const TRACEPOINT_PREFIX = 'btf_trace_';
const LSM_PREFIX = 'bpf_lsm_';
/**
 * struct bpf_iter__TARGET is an iterator program's context, bpf_iter_TARGET() its attach point (include/linux/bpf.h,
 * DEFINE_BPF_ITER_FUNC). The verifier's lists of trusted members are structs with such names without a function
 * (kernel/bpf/verifier.c, BTF_TYPE_SAFE_TRUSTED).
 */
const ITERATOR_PREFIX = 'bpf_iter__';
const ITERATOR_FUNCTION_PREFIX = 'bpf_iter_';

/** Limit for one struct, including anonymous members; a damaged table could multiply them without end. */
const MAX_MEMBERS = 20_000;

export class KernelTypes {
  private names: Names | null = null;
  private helpers: ReadonlySet<string> | null = null;
  private kfuncNames: readonly string[] | null = null;
  private sortedEnumerators: readonly string[] | null = null;

  private readonly index: BtfNames;

  /** `bytes`: the bytes `btf` was read from. */
  constructor(
    readonly btf: Btf,
    bytes: Uint8Array,
  ) {
    this.index = new BtfNames(bytes);
  }

  find(kind: NamedKind, name: string): BtfTypeId | null {
    return this.index.find(kind, name);
  }

  /** Names of every struct, union, enum, typedef ... */
  namesOf(kind: NamedKind): Iterable<string> {
    return this.index.names(kind);
  }

  enumerator(name: string): Enumerator | null {
    return this.index.enumerators.get(name) ?? null;
  }
  /** Names of every enumerator, sorted. */
  get enumeratorNames(): readonly string[] {
    this.sortedEnumerators ??= [...this.index.enumerators.keys()].sort();
    return this.sortedEnumerators;
  }

  /** Every function with BTF, sorted. */
  get functions(): readonly string[] {
    return this.collect().functions;
  }
  /** Tracepoints as tp_btf and raw_tp name them, sorted. */
  get tracepoints(): readonly string[] {
    return this.collect().tracepoints;
  }
  get syscalls(): readonly string[] {
    return this.collect().syscalls;
  }
  get lsmHooks(): readonly string[] {
    return this.collect().lsmHooks;
  }
  get iterators(): readonly string[] {
    return this.collect().iterators;
  }

  /** Does the work that the first completion or check would otherwise wait for. */
  prepare(): void {
    this.collect();
  }

  hasFunction(name: string): boolean {
    return this.find('func', name) !== null;
  }

  hasTracepoint(name: string): boolean {
    return this.find('typedef', TRACEPOINT_PREFIX + name) !== null;
  }

  /** True when the kernel has the helper; null when its BTF does not list helpers. */
  hasHelper(name: string): boolean | null {
    this.helpers ??= this.collectHelpers();
    return this.helpers.size === 0 ? null : this.helpers.has(name);
  }

  /** Functions tagged bpf_kfunc (kernel 6.9, pahole 1.26 and newer), else those known by name; sorted. */
  get kfuncs(): readonly string[] {
    if (this.kfuncNames) return this.kfuncNames;
    const found: string[] = [];
    for (const id of this.btf.ids('decl_tag')) {
      const tag = this.btf.type(id);
      if (tag.kind !== 'decl_tag' || tag.tag !== 'bpf_kfunc') continue;
      found.push(this.btf.name(tag.type));
    }
    if (found.length === 0)
      found.push(
        ...unmarkedKfuncs({
          hasFunction: name => this.hasFunction(name),
          hasStruct: name => this.find('struct', name) !== null,
          hasHelper: name => this.hasHelper(name),
        }),
      );
    this.kfuncNames = [...new Set(found)].sort();
    return this.kfuncNames;
  }

  signature(name: string): KernelSignature | null {
    const id = this.find('func', name);
    const func = id === null ? null : this.btf.type(id);
    return func?.kind === 'func' ? this.signatureOf(name, func.type, 0) : null;
  }

  /** A tracepoint's arguments as BPF_PROG gets them: without the leading void * of struct tracepoint's data. */
  tracepointSignature(name: string): KernelSignature | null {
    const id = this.find('typedef', TRACEPOINT_PREFIX + name);
    if (id === null) return null;
    const pointer = this.btf.type(this.btf.resolve(id));
    if (pointer.kind !== 'ptr') return null;
    const signature = this.signatureOf(name, pointer.type, 1);
    return signature && this.withRealNames(name, signature);
  }

  /** The name of the struct that a classic tracepoint's program gets as ctx; null if BTF has none of that name. */
  tracepointRecord(name: string): string | null {
    const record = `trace_event_raw_${name}`;
    return this.find('struct', record) === null ? null : record;
  }

  /** Finds a struct or union by its tag; a CO-RE flavour (struct x___new) means the kernel's own. */
  findAggregate(kind: 'struct' | 'union', name: string): BtfTypeId | null {
    return this.find(kind, name) ?? this.find(kind, name.replace(/___.*$/, ''));
  }

  /** A type by its C name: "struct file", "__u32", "enum pid_type". */
  findType(name: string): BtfTypeId | null {
    const tagged = /^(struct|union|enum)\s+(\w+)$/.exec(name);
    if (tagged?.[2]) {
      if (tagged[1] === 'enum') return this.find('enum', tagged[2]);
      return this.findAggregate(tagged[1] === 'union' ? 'union' : 'struct', tagged[2]);
    }
    return this.find('typedef', name) ?? this.find('int', name);
  }

  /** Members by name, including those of anonymous members, with offsets from the outer struct. */
  members(id: BtfTypeId): BtfMember[] {
    const all: BtfMember[] = [];
    let seen = 0;
    const visit = (typeId: BtfTypeId, base: number, depth: number) => {
      const type = this.btf.type(this.btf.resolve(typeId));
      if ((type.kind !== 'struct' && type.kind !== 'union') || depth > 8) return;
      for (const member of type.members) {
        if (++seen > MAX_MEMBERS) return;
        if (member.name === '') visit(member.type, base + member.bitOffset, depth + 1);
        else all.push({ ...member, bitOffset: base + member.bitOffset });
      }
    };
    visit(id, 0, 0);
    return all;
  }

  /** A function prototype by a name, without its first `skip` parameters; null for another type. */
  signatureOf(name: string, protoId: BtfTypeId, skip: number): KernelSignature | null {
    const proto = this.btf.type(protoId);
    if (proto.kind !== 'func_proto') return null;
    return {
      name,
      returnType: declaration(this.btf, proto.returnType, ''),
      returnsNothing: proto.returnType === 0,
      parameters: proto.parameters.slice(skip).map((parameter, index) => {
        const own = parameter.name === '' ? `arg${index}` : parameter.name;
        return { name: own, type: parameter.type, text: declaration(this.btf, parameter.type, own) };
      }),
    };
  }

  /** A btf_trace_ typedef does not name its arguments, but __traceiter_NAME or __probestub_NAME of the same tracepoint does. */
  private withRealNames(name: string, signature: KernelSignature): KernelSignature {
    for (const prefix of ['__probestub_', '__traceiter_']) {
      const named = this.signature(prefix + name);
      if (!named || named.parameters.length !== signature.parameters.length + 1) continue;
      const parameters = named.parameters.slice(1);
      if (parameters.every(one => !/^arg\d+$/.test(one.name))) return { ...signature, parameters };
    }
    return signature;
  }

  private collect(): Names {
    if (this.names) return this.names;
    const syscalls = new Set<string>();
    const lsmHooks: string[] = [];
    const iterators: string[] = [];
    for (const name of this.index.names('func')) {
      if (name.startsWith(LSM_PREFIX)) lsmHooks.push(name.slice(LSM_PREFIX.length));
      else if (SYSCALL_PREFIX.test(name)) syscalls.add(name.replace(SYSCALL_PREFIX, ''));
    }
    for (const name of this.index.names('struct')) {
      if (!name.startsWith(ITERATOR_PREFIX)) continue;
      const target = name.slice(ITERATOR_PREFIX.length);
      if (this.find('func', ITERATOR_FUNCTION_PREFIX + target) !== null) iterators.push(target);
    }
    const tracepoints: string[] = [];
    for (const name of this.index.names('typedef')) {
      if (name.startsWith(TRACEPOINT_PREFIX)) tracepoints.push(name.slice(TRACEPOINT_PREFIX.length));
    }
    const sorted = (names: Iterable<string>) => [...new Set(names)].sort();
    this.names = {
      functions: sorted(this.index.names('func')),
      tracepoints: sorted(tracepoints),
      syscalls: sorted(syscalls),
      lsmHooks: sorted(lsmHooks),
      iterators: sorted(iterators),
    };
    return this.names;
  }

  /** enum bpf_func_id lists every helper the kernel was built with, as BPF_FUNC_name. */
  private collectHelpers(): ReadonlySet<string> {
    const id = this.find('enum', 'bpf_func_id');
    const type = id === null ? null : this.btf.type(id);
    if (type?.kind !== 'enum') return new Set();
    return new Set(type.values.map(value => value.name.replace(/^BPF_FUNC_/, 'bpf_')));
  }
}
