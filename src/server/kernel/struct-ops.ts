/** Tables of kernel operations that BPF programs can fill (struct_ops), and their members' signatures. */
import type { KernelSignature, KernelTypes } from './kernel-types';

export interface KernelOperation {
  /** The struct of the table: "tcp_congestion_ops". */
  readonly table: string;
  /** Named after the member; parameters by their type, since a function pointer's have no names. */
  readonly signature: KernelSignature;
}

/** For each supported table, the kernel has a struct bpf_struct_ops_NAME with the table as "data" (bpf_struct_ops.c). */
const VALUE_PREFIX = 'bpf_struct_ops_';
/** The kernel's usual name for such an argument. */
const USUAL_NAMES: Readonly<Record<string, string>> = {
  sock: 'sk',
  sk_buff: 'skb',
  task_struct: 'p',
  cgroup: 'cgrp',
  Qdisc: 'sch',
};

const known = new WeakMap<KernelTypes, readonly KernelOperation[]>();

/** Every function member of every supported table, in the order of the tables' names. */
export function kernelOperations(types: KernelTypes): readonly KernelOperation[] {
  const before = known.get(types);
  if (before) return before;
  const found: KernelOperation[] = [];
  const values = [...types.namesOf('struct')].filter(name => name.startsWith(VALUE_PREFIX)).sort();
  for (const value of values) {
    const table = value.slice(VALUE_PREFIX.length);
    const id = types.find('struct', value);
    const data = id === null ? undefined : types.members(id).find(member => member.name === 'data');
    if (!data || types.btf.name(types.btf.resolve(data.type)) !== table) continue;
    for (const member of types.members(types.btf.resolve(data.type))) {
      const pointer = types.btf.type(types.btf.resolve(member.type));
      const signature = pointer.kind === 'ptr' ? types.signatureOf(member.name, pointer.type, 0) : null;
      if (signature) found.push({ table, signature: withNames(signature) });
    }
  }
  known.set(types, found);
  return found;
}

function withNames(signature: KernelSignature): KernelSignature {
  const taken = new Set<string>();
  const parameters = signature.parameters.map(parameter => {
    const tag = /^(?:const )?struct (\w+) \*arg\d+$/.exec(parameter.text)?.[1] ?? '';
    const name = USUAL_NAMES[tag];
    if (name === undefined || taken.has(name)) return parameter;
    taken.add(name);
    return { ...parameter, name, text: parameter.text.replace(/arg\d+$/, name) };
  });
  return { ...signature, parameters };
}
