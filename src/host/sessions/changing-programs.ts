import type { BpfObject } from '../../shared/object/model';
import { Cancelled } from '../errors';
import { askModal } from '../ui/messages';

/** bpf_override_return and bpf_probe_write_user (enum bpf_func_id, include/uapi/linux/bpf.h). */
const CHANGING_HELPERS: ReadonlyMap<number, string> = new Map([
  [58, 'bpf_override_return() makes kernel functions fail'],
  [36, 'bpf_probe_write_user() writes into the memory of processes'],
]);
/** Sections of program types that decide what the system does, not only watch it. */
const CHANGING_SECTIONS: readonly (readonly [RegExp, string])[] = [
  [/^(xdp|tc|tcx|netkit|classifier|action)\b/, 'may drop or change network packets'],
  [/^lsm/, 'may refuse what processes ask for'],
  [/^(struct_ops|sched_ext)/, 'replaces parts of the kernel'],
  [/^fmod_ret/, 'may replace what kernel functions return'],
  [/^cgroup|^sk_|^sockops/, 'may change what sockets and control groups may do'],
];

/**
 * Programs that can change the system are named and need a consent of their own; returns whether it was given (false:
 * none was needed). Throws Cancelled.
 */
export async function confirmChangingPrograms(title: string, object: BpfObject): Promise<boolean> {
  const reasons = object.programs.flatMap(program => [
    ...CHANGING_SECTIONS.filter(([section]) => section.test(program.section)).map(
      ([, what]) => `• ${program.name} (${program.section}) ${what}`,
    ),
    ...program.helperIds
      .filter(id => CHANGING_HELPERS.has(id))
      .map(id => `• ${program.name}: ${CHANGING_HELPERS.get(id)}`),
  ]);
  if (reasons.length === 0) return false;
  const proceed = 'Attach Anyway';
  const answer = await askModal(
    'warning',
    { message: `${title} does not only watch: it can change this system.`, detail: reasons },
    proceed,
  );
  if (answer !== proceed) throw new Cancelled();
  return true;
}
