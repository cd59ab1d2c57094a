import type { Btf, BtfTypeId } from '../shared/btf/btf-model';
import { vmlinuxHeader } from './vmlinux-header';
import { vmlinuxNames } from './vmlinux-names';

/** The kernel types a program needs, from scanSource, corrected by clang's errors (header-repair.ts). */
export interface TypeNeeds {
  /** Tags, typedefs and enumerators of the kernel with these names are defined. */
  readonly names: ReadonlySet<string>;
  /** Members accessed through pointers: if a defined struct has such a member, the type it points to is also defined. */
  readonly memberNames: ReadonlySet<string>;
  /** Defined by the program itself, so not by the header. */
  readonly takenTags: ReadonlySet<string>;
  readonly takenNames: ReadonlySet<string>;
}

/**
 * Returns a vmlinux.h with only the types a program can access: those it names, what they contain by value, and what
 * the pointers it follows point to, recursively. Every definition is the same as in the full header, so the compiled
 * code is too; all other types that are pointed to are only declared.
 */
export function reducedVmlinuxHeader(btf: Btf, needs: TypeNeeds): string {
  return vmlinuxHeader(btf, {
    roots: reachableTypes(btf, needs),
    takenTags: needs.takenTags,
    takenNames: needs.takenNames,
  });
}

/** Ids of the types that the reduced header defines, ascending. */
export function reachableTypes(btf: Btf, needs: TypeNeeds): BtfTypeId[] {
  const names = vmlinuxNames(btf);
  const reached = new Set<BtfTypeId>();
  const queue: BtfTypeId[] = [];
  const reach = (id: BtfTypeId | undefined): void => {
    if (id === undefined || id === 0 || reached.has(id)) return;
    reached.add(id);
    queue.push(id);
  };

  for (const name of needs.names) {
    if (!needs.takenTags.has(name)) reach(names.tags(name)[0]);
    if (!needs.takenNames.has(name)) {
      reach(names.typedefs(name)[0]);
      reach(names.enumerators(name)[0]);
    }
  }
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const type = btf.type(id);
    if (type.kind === 'typedef') reach(pointee(btf, type.type, true));
    else if (type.kind === 'struct' || type.kind === 'union') {
      for (const member of type.members) reach(pointee(btf, member.type, needs.memberNames.has(member.name)));
    }
  }
  return [...reached].sort((a, b) => a - b);
}

/** The struct or union a type contains by value or, if pointers are followed, points to at any depth. */
function pointee(btf: Btf, id: BtfTypeId, follow: boolean): BtfTypeId | undefined {
  let at = btf.resolve(id);
  for (;;) {
    const kind = btf.kind(at);
    if (kind === 'struct' || kind === 'union') return at;
    if (kind !== 'array' && !(kind === 'ptr' && follow)) return undefined;
    const type = btf.type(at);
    if (type.kind !== 'array' && type.kind !== 'ptr') return undefined;
    at = btf.resolve(type.type);
  }
}
