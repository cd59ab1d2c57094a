/** The output of `bpfw run`, in order; one implementation prints JSON lines, the other human-readable text. */

import type { NamedStack } from '../../session/symbols/read-stacks';
import type { LeftOut } from '../../session/tracing/choose-programs';
import type { LostStacks } from '../../shared/decode/lost-stacks';
import type { Drops, FieldValue, Histogram, MapEntry } from '../../shared/decode/model';
import type { RecordIndex } from '../../shared/decode/ring-span';
import type { GlobalVariable, MapDefinition, RecordLayout } from '../../shared/object/model';
import type { AttachedProgram } from '../../shared/protocol/tracer';

export interface StartupMs {
  readonly compile: number;
  readonly open: number;
  readonly load: number;
  readonly attach: number;
}

export type EndReason = 'command' | 'time' | 'interrupt' | 'detached' | 'error';

/** Names of the addresses in each field, innermost frame first. Fields without names are omitted. */
export type AddressNames = ReadonlyMap<string, readonly string[]>;

export interface RunOutput {
  attached(programs: readonly AttachedProgram[], startupMs: StartupMs, leftOut: readonly LeftOut[]): void;
  /** `names` replace the addresses of their fields. */
  event(
    stream: string,
    layout: RecordLayout | null,
    data: Readonly<Record<string, FieldValue>>,
    names: AddressNames,
  ): void;
  /**
   * A faster way to the output of event(), for all records of an index, in their order; those that it cannot write are
   * passed to `event`.
   */
  records?(
    stream: string,
    layout: RecordLayout,
    view: DataView,
    index: RecordIndex,
    event: (record: number) => void,
  ): void;
  printk(line: string): void;
  /** `keyLayout`: the layout of the histogram's key; null when it has none. */
  histogram(histogram: Histogram, keyLayout: RecordLayout | null): void;
  map(map: MapDefinition, entries: readonly MapEntry[]): void;
  /** `lost`: those of its stacks that have no frames, by reason. */
  stacks(map: MapDefinition, stacks: readonly NamedStack[], lost?: readonly LostStacks[]): void;
  /** The program's global variables, except counters of lost records, which are in `drops`; at least one. */
  globals(
    values: readonly {
      readonly global: GlobalVariable;
      readonly value: Readonly<Record<string, FieldValue>>;
    }[],
  ): void;
  drops(drops: Drops): void;
  end(reason: EndReason, commandExit: number | null): void;
}
