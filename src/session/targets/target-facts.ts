import type { Btf } from '../../shared/btf/btf-model';
import type { Fix } from '../../shared/errors/workbench-error';

/** What can be queried about a target; answers come from its BTF (unprivileged) and from the tracer. */
export interface TargetFacts {
  readonly btf: Btf;
  functions(
    names: readonly string[],
  ): Promise<readonly { name: string; traceable: boolean | null; symbol: boolean }[]>;
  /** Null: the tracer may not read tracefs; attaching will show. */
  tracepoints(names: readonly { category: string; name: string }[]): Promise<readonly (boolean | null)[]>;
  modules(): Promise<ReadonlySet<string>>;
  /** BTF of a loaded module, or null. */
  moduleBtf(module: string): Promise<Btf | null>;
  /** The module of the target's kernel that has a function, whether loaded or not; null where none is known to. */
  moduleWithFunction(name: string): Promise<string | null>;
  /** True if a hardware event that records branches (last branch records) can be opened. */
  branchRecords(): Promise<boolean>;
}

/** What a target lacks for a program, as text, with a fix if there is one. */
export interface Lack {
  readonly what: string;
  readonly fix: Fix | null;
}
