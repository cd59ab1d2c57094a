/** A target's facts as reported by its tracer, each queried once per connection. */
import { parseBtf } from '../../shared/btf/btf';
import type { Btf } from '../../shared/btf/btf-model';
import { moduleWithFunction } from '../../system/kernel-modules';
import type { TargetFacts } from './target-facts';
import { type TracerConnection, TracerRequestError } from './tracer-connection';

/** PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES; PERF_SAMPLE_BRANCH_USER | KERNEL | ANY (uapi/linux/perf_event.h). */
const BRANCH_EVENT = { type: 0, config: '0', branchSampleType: '11' };

/** `modulesFolder`: the target kernel's, named after its release. */
export function tracerFacts(connection: TracerConnection, btf: Btf, modulesFolder: string): TargetFacts {
  const moduleBtfs = new Map<string, Promise<Btf | null>>();
  let modules: Promise<ReadonlySet<string>> | null = null;
  let branchRecords: Promise<boolean> | null = null;
  const read = async (what: 'modules' | 'module-btf', of?: string) => {
    const { blobId } = await connection.request('target/read', of === undefined ? { what } : { what, of });
    return connection.takeBlob(blobId);
  };
  return {
    btf,
    functions: async names => (await connection.request('target/functions', { names: [...names] })).functions,
    tracepoints: async names => {
      try {
        return (await connection.request('target/tracepoints', { names: [...names] })).present;
      } catch (error) {
        // A session without tracepoints has no right to read tracefs.
        if (isNotPermitted(error)) return names.map(() => null);
        throw error;
      }
    },
    modules: () => {
      // /proc/modules: the name is the first word of each line (proc(5)).
      modules ??= read('modules').then(
        bytes =>
          new Set(
            new TextDecoder()
              .decode(bytes)
              .split('\n')
              .flatMap(line => line.split(' ')[0] || []),
          ),
      );
      return modules;
    },
    moduleBtf: module => {
      const known =
        moduleBtfs.get(module) ??
        read('module-btf', module).then(
          bytes => parseBtf(bytes, btf),
          error => {
            // A module without BTF of its own is not an error: nothing is found in it.
            if (error instanceof TracerRequestError) return null;
            throw error;
          },
        );
      moduleBtfs.set(module, known);
      return known;
    },
    moduleWithFunction: name => moduleWithFunction(modulesFolder, name),
    branchRecords: () => {
      branchRecords ??= connection.request('target/perf-event', { ...BRANCH_EVENT }).then(
        ({ available }) => available,
        error => {
          // The right is requested only if a program that needs it is chosen; attaching will show.
          if (isNotPermitted(error)) return true;
          throw error;
        },
      );
      return branchRecords;
    },
  };
}

const isNotPermitted = (error: unknown): boolean =>
  error instanceof TracerRequestError && error.code === 'not-permitted';
