import type { Btf } from '../../shared/btf/btf-model';
import type { Fix } from '../../shared/errors/workbench-error';

/** What can be asked about a target; answers come from its BTF (unprivileged) and from the tracer. */
export interface TargetFacts {
  readonly btf: Btf;
  functions(
    names: readonly string[],
  ): Promise<readonly { name: string; traceable: boolean | null; symbol: boolean }[]>;
  /** null: the tracer may not look into tracefs; attaching tells. */
  tracepoints(names: readonly { category: string; name: string }[]): Promise<readonly (boolean | null)[]>;
  modules(): Promise<ReadonlySet<string>>;
  /** BTF of a loaded module, or null. */
  moduleBtf(module: string): Promise<Btf | null>;
  /** A hardware event that records branches can be opened (last branch records). */
  branchRecords(): Promise<boolean>;
}

/** What a target lacks for a program, in words, with a fix where there is one. */
export interface Lack {
  readonly what: string;
  readonly fix: Fix | null;
}
