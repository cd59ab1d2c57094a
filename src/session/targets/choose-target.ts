/**
 * Which target a session takes when none was chosen: this kernel where it can be traced by this user, else the sandbox
 * VM. The reason is always given, so that nobody wonders which kernel they are looking at.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { BpfObject } from '../../shared/object/model';
import { processStatus } from '../../system/process-status';
import { type BudgetFacts, budgetOf, holdsBudget, loadingWork, sessionWork } from '../elevation/capabilities';
import type { TargetId } from './target';

export interface TargetDecision {
  readonly id: TargetId;
  /** One sentence for people. */
  readonly why: string;
}

export interface TargetWish {
  /** The command line's or the setting's word. */
  readonly wish: TargetId | 'auto';
  readonly env: NodeJS.ProcessEnv;
  /** null: decide for whatever may come. */
  readonly object: BpfObject | null;
  /** True where a user can be asked for a password (a terminal, or VS Code's dialog). */
  readonly canAsk: boolean;
}

export async function chooseTarget(request: TargetWish): Promise<TargetDecision> {
  if (request.wish !== 'auto') return { id: request.wish, why: 'it was chosen' };
  const fromEnv = request.env.BPFW_TARGET;
  if (fromEnv === 'local' || fromEnv === 'vm') return { id: fromEnv, why: 'BPFW_TARGET is set' };
  const obstacle = await localObstacle(request.object, request.canAsk);
  return obstacle === null ? { id: 'local', why: 'it can be traced' } : { id: 'vm', why: obstacle };
}

/** What keeps this user from tracing this kernel with this object; null when nothing is known to. */
export async function localObstacle(object: BpfObject | null, canAsk: boolean): Promise<string | null> {
  if (!existsSync('/sys/kernel/btf/vmlinux')) return `this kernel (${release()}) has no BTF`;
  const status = processStatus('self');
  if (!status) return 'this process has no /proc';
  const features = await kernelFeatures();
  for (const program of object?.programs ?? []) {
    if (!program.autoload) continue;
    const lacking = features.lacking(program.attachPoint.kind);
    if (lacking) return lacking;
  }
  if (object?.programs.every(program => features.lacking(program.attachPoint.kind))) {
    return `this kernel (${release()}) has none of the kinds of attach point the program uses`;
  }
  const facts: BudgetFacts = {
    kernelRelease: release(),
    perfEventParanoid: features.perfEventParanoid,
  };
  const budget = object ? budgetOf(sessionWork(object, object.programs, null, false), facts) : [];
  const minimum = object ? budgetOf(loadingWork(object, object.programs, null), facts) : [];
  if (holdsBudget(status.capabilities.effective, minimum) && status.uid === 0) return null;
  if (holdsBudget(status.capabilities.effective, budget) && budget.length > 0) return null;
  if (status.uid === 0) return 'this container keeps CAP_BPF and CAP_PERFMON from root';
  if (status.noNewPrivileges) return 'this process may not gain privileges (no_new_privs)';
  if (!canAsk) return 'tracing this kernel needs a password and nobody can be asked for it here';
  return ['/usr/bin/sudo', '/usr/bin/pkexec', '/run/wrappers/bin/sudo'].some(file => existsSync(file))
    ? null
    : 'neither sudo nor pkexec is installed';
}

interface KernelFeatures {
  readonly perfEventParanoid: number;
  /** A sentence when the kernel was built without what this kind of attach point needs. */
  lacking(kind: string): string | null;
}

/** A kernel can have BTF and yet no kprobes or trampolines: sysfs and the names in /proc/kallsyms (readable by all) tell. */
async function kernelFeatures(): Promise<KernelFeatures> {
  const symbols = await readFile('/proc/kallsyms', 'latin1').catch(() => '');
  const hasSymbol = (name: string) => symbols.includes(` ${name}\n`);
  const paranoid = await readFile('/proc/sys/kernel/perf_event_paranoid', 'utf8').catch(() => '2');
  const trampolines = hasSymbol('bpf_trampoline_link_prog') && hasSymbol('register_ftrace_direct');
  const kprobes = existsSync('/sys/bus/event_source/devices/kprobe');
  const uprobes = existsSync('/sys/bus/event_source/devices/uprobe');
  const tracepoints = existsSync('/sys/kernel/tracing') || existsSync('/sys/kernel/debug/tracing');
  const rawTracepoints = hasSymbol('bpf_trace_run1');
  return {
    perfEventParanoid: Number.parseInt(paranoid, 10),
    lacking(kind) {
      if (/^(fentry|fexit|fmod_ret)$/.test(kind) && !trampolines)
        return 'this kernel has no BPF trampolines, which fentry and fexit need';
      if (/^k(ret)?probe|^k(ret)?syscall/.test(kind) && !kprobes) return 'this kernel has no kprobes';
      if (/^u(ret)?probe|^usdt/.test(kind) && !uprobes) return 'this kernel has no uprobes';
      if (kind === 'tracepoint' && !tracepoints) return 'this kernel has no tracefs, which tracepoints need';
      if (/^(tp_btf|raw_tp)$/.test(kind) && !rawTracepoints)
        return 'this kernel cannot run BPF programs at tracepoints';
      return null;
    },
  };
}
