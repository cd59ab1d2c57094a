/**
 * Finds what a probe's name means on a target, and what is offered there: kernel functions and tracepoints in its BTF,
 * system calls by the kernel's interface, functions of user programs in the symbols of their files.
 */
import path from 'node:path';
import { parametersOfSyscall } from '../server/helpers/syscall-signatures';
import { tracepointCategory } from '../server/helpers/tracepoint-categories';
import type { KernelTypes } from '../server/kernel/kernel-types';
import { readUserBinary } from '../server/kernel/user-binary';
import type { BtfMember } from '../shared/btf/btf-model';
import { nearest } from '../shared/text/nearest';
import { findUserBinary } from '../system/user-binaries';
import type { Offered, Probe } from './probe';
import type { ProbeName } from './probe-name';
import { syscallValue } from './syscall-value';
import { TraceError } from './trace-error';
import { S64, U64, type ValueType, valueTypeOf } from './value-type';

/** libbpf's BPF_KPROBE() names so many arguments of a user function on every architecture. */
const USER_ARGUMENTS = 5;

/** Throws TraceError 'bad-probe' that says what there is instead. `folder`: what relative paths start from. */
export function resolveProbe(name: ProbeName, types: KernelTypes, folder: string): Probe {
  switch (name.kind) {
    case 'kernel-function':
      return kernelFunction(name.name, types);
    case 'syscall':
      return syscall(name.name, types);
    case 'user-function':
      return userFunction(path.resolve(folder, name.file), name.file, name.name, types);
    case 'tracepoint-or-function': {
      // As perf and bpftrace name them; both ends are offered together.
      const call = name.group === 'syscalls' ? /^sys_(?:enter|exit)_(\w+)$/.exec(name.name)?.[1] : undefined;
      if (call !== undefined) return syscall(call, types);
      if (types.hasTracepoint(name.name)) return tracepoint(name.group, name.name, types);
      const file = findUserBinary(name.group) ?? findUserBinary(`${name.group}.so`);
      if (file !== null) return userFunction(file, name.group, name.name, types);
      throw missing(
        `There is neither a tracepoint '${name.name}' in the kernel's BTF nor a program or library '${name.group}' on this machine`,
        nearest(name.name, types.tracepoints),
      );
    }
  }
}

function kernelFunction(name: string, types: KernelTypes): Probe {
  const signature = types.signature(name);
  if (!signature) throw missing(`The kernel's BTF has no function '${name}'`, nearest(name, types.functions));
  // An argument after a struct by value is in no register that is known by its number.
  const known: Offered[] = [];
  for (const { name: own, type } of signature.parameters) {
    const value = type === 0 ? null : valueTypeOf(types, type, 'kernel');
    if (value === null || value.kind === 'struct' || value.kind === 'text') break;
    known.push(offered(own, value));
  }
  const id = types.find('func', name);
  const proto = id === null ? null : types.btf.type(id);
  const returned = proto?.kind === 'func' ? types.btf.type(proto.type) : null;
  const result = returned?.kind === 'func_proto' ? valueTypeOf(types, returned.returnType, 'kernel') : null;
  const rest = signature.parameters.slice(known.length).map(each => offered(each.name, null));
  return {
    place: { kind: 'kernel-function', name },
    label: name,
    offers: [...known, ...rest],
    result: result?.kind === 'struct' ? null : result,
    returns: true,
    instead: null,
    types,
  };
}

function tracepoint(group: string, name: string, types: KernelTypes): Probe {
  const category = tracepointCategory(name);
  if (category !== null && category !== group)
    throw missing(`The tracepoint '${name}' is not in the group '${group}'`, [`${category}:${name}`]);
  const label = `${group}:${name}`;
  const common = { label, result: null, returns: false, types };
  const signature = types.tracepointSignature(name);
  const offers = (signature?.parameters ?? []).map(each => {
    const type = valueTypeOf(types, each.type, 'kernel');
    return offered(each.name, type?.kind === 'struct' ? null : type);
  });
  const raw: Probe = { ...common, place: { kind: 'raw-tracepoint', group, name }, offers, instead: null };
  const record = types.tracepointRecord(name);
  const struct = record === null ? null : types.find('struct', record);
  if (record === null || struct === null) return raw;
  const fields = types.members(struct).flatMap(member => recordField(member, types));
  return { ...common, place: { kind: 'tracepoint', group, name, record }, offers: fields, instead: raw };
}

/** A field of struct trace_event_raw_*; none for what every record begins and ends with (include/trace/trace_events.h). */
function recordField({ name, type, bitSize }: BtfMember, types: KernelTypes): Offered[] {
  if (name === 'ent' || name === '__data' || bitSize > 0) return [];
  const dynamic = /^__data_loc_(\w+)$/.exec(name)?.[1];
  const value = valueTypeOf(types, type, 'kernel');
  if (dynamic !== undefined) return [{ ...offered(dynamic, { kind: 'text', bytes: 128 }), isDataLoc: true }];
  return [offered(name, value?.kind === 'struct' ? null : value)];
}

function syscall(name: string, types: KernelTypes): Probe {
  const parameters = parametersOfSyscall(types, name);
  if (!types.syscalls.includes(name) && parameters === null)
    throw missing(
      `The kernel's BTF has no system call '${name}'`,
      nearest(name, types.syscalls).map(each => `sys:${each}`),
    );
  return {
    place: { kind: 'syscall', name },
    label: `sys:${name}`,
    offers: (parameters ?? []).map(text => syscallValue(text, types)),
    result: S64,
    returns: true,
    instead: null,
    types,
  };
}

function userFunction(file: string, written: string, name: string, types: KernelTypes): Probe {
  const binary = readUserBinary(file);
  if (!binary) throw missing(`${written} is not a program or library that can be read`, []);
  if (!binary.functions.includes(name)) {
    const stripped = binary.functions.length === 0 ? ': it has no symbols, build it without -s' : '';
    throw missing(`${written} has no function '${name}'${stripped}`, nearest(name, binary.functions));
  }
  return {
    place: { kind: 'user-function', file, name },
    label: `${path.basename(file)}:${name}`,
    offers: Array.from({ length: USER_ARGUMENTS }, (_, index) => ({
      ...offered(`arg${index}`, U64),
      memory: 'user' as const,
    })),
    result: S64,
    returns: true,
    instead: null,
    types,
  };
}

const offered = (name: string, type: ValueType | null): Offered => ({
  name,
  type,
  memory: 'kernel',
  isText: false,
  isDataLoc: false,
});

const missing = (what: string, near: readonly string[]): TraceError =>
  new TraceError(
    'bad-probe',
    `${what}.`,
    near.length > 0 ? { text: `Did you mean ${near.join(' or ')}?` } : null,
  );
