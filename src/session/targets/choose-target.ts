/**
 * Which target a session uses if none was selected: this kernel if this user can trace it, else the sandbox VM. The
 * reason is always returned, so that users know which kernel they see.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { BpfObject } from '../../shared/object/model';
import { processStatus } from '../../system/process-status';
import { capabilitiesFor, holdsCapabilities, loadingWork, sessionWork } from '../elevation/capabilities';
import { localCapabilityFacts } from './local-target';
import type { TargetId, WantedTarget } from './target';

export interface TargetDecision {
  readonly id: TargetId;
  /** One sentence for the user. */
  readonly why: string;
}

export interface TargetQuestion {
  readonly wanted: WantedTarget;
  readonly env: NodeJS.ProcessEnv;
  /** Null: decide for any program. */
  readonly object: BpfObject | null;
  /** True if a user can be asked for a password (a terminal, or VS Code's dialog). */
  readonly canAsk: boolean;
}

export async function chooseTarget(question: TargetQuestion): Promise<TargetDecision> {
  if (question.wanted !== 'auto') return { id: question.wanted, why: 'it was chosen' };
  const fromEnv = question.env.BPFW_TARGET;
  if (fromEnv === 'local' || fromEnv === 'vm') return { id: fromEnv, why: 'BPFW_TARGET is set' };
  const obstacle = await localObstacle(question.object, question.canAsk);
  return obstacle === null ? { id: 'local', why: 'it can be traced' } : { id: 'vm', why: obstacle };
}

/** What prevents this user from tracing this kernel with this object; null if nothing is known to. */
export async function localObstacle(object: BpfObject | null, canAsk: boolean): Promise<string | null> {
  if (!existsSync('/sys/kernel/btf/vmlinux')) return `this kernel (${release()}) has no BTF`;
  const status = processStatus('self');
  if (!status) return 'this process has no /proc';
  if (object) {
    const lackOf = await attachKinds();
    const needed = object.programs.find(({ autoload, attachPoint }) => autoload && lackOf(attachPoint.kind));
    if (needed) return lackOf(needed.attachPoint.kind);
    if (object.programs.every(({ attachPoint }) => lackOf(attachPoint.kind)))
      return `this kernel (${release()}) has none of the kinds of attach point the program uses`;
  }
  const facts = await localCapabilityFacts();
  const capabilities = object
    ? capabilitiesFor(sessionWork(object, object.programs, null, false), facts)
    : [];
  const minimum = object ? capabilitiesFor(loadingWork(object, object.programs, null), facts) : [];
  if (holdsCapabilities(status.capabilities.effective, minimum) && status.uid === 0) return null;
  if (holdsCapabilities(status.capabilities.effective, capabilities) && capabilities.length > 0) return null;
  if (status.uid === 0) return 'root lacks CAP_BPF and CAP_PERFMON in this container';
  if (status.noNewPrivileges) return 'this process may not gain privileges (no_new_privs)';
  if (!canAsk) return 'tracing this kernel needs a password, which cannot be requested here';
  return ['/usr/bin/sudo', '/usr/bin/pkexec', '/run/wrappers/bin/sudo'].some(file => existsSync(file))
    ? null
    : 'neither sudo nor pkexec is installed';
}

/**
 * A kernel can have BTF but no kprobes or trampolines: checks sysfs and the names in /proc/kallsyms (readable by all).
 * The answer is a sentence if the kernel was built without what the kind of attach point needs.
 */
async function attachKinds(): Promise<(kind: string) => string | null> {
  const symbols = await builtInSymbols();
  const trampolines = symbols.has('bpf_trampoline_link_prog') && symbols.has('register_ftrace_direct');
  const kprobes = existsSync('/sys/bus/event_source/devices/kprobe');
  const uprobes = existsSync('/sys/bus/event_source/devices/uprobe');
  const tracepoints = existsSync('/sys/kernel/tracing') || existsSync('/sys/kernel/debug/tracing');
  return kind => {
    if (/^(fentry|fexit|fmod_ret)$/.test(kind) && !trampolines)
      return 'this kernel has no BPF trampolines, which fentry and fexit need';
    if (/^k(ret)?probe|^k(ret)?syscall/.test(kind) && !kprobes) return 'this kernel has no kprobes';
    if (/^u(ret)?probe|^usdt/.test(kind) && !uprobes) return 'this kernel has no uprobes';
    if (kind === 'tracepoint' && !tracepoints) return 'this kernel has no tracefs, which tracepoints need';
    if (/^(tp_btf|raw_tp)$/.test(kind) && !symbols.has('bpf_trace_run1'))
      return 'this kernel cannot run BPF programs at tracepoints';
    return null;
  };
}

const WANTED_SYMBOLS = ['bpf_trampoline_link_prog', 'register_ftrace_direct', 'bpf_trace_run1'];
let knownSymbols: Promise<ReadonlySet<string>> | null = null;

/** Which of the wanted functions the kernel has. They are never in a module, so the file is read once, not for each answer. */
function builtInSymbols(): Promise<ReadonlySet<string>> {
  knownSymbols ??= readFile('/proc/kallsyms', 'latin1').then(
    text => new Set(WANTED_SYMBOLS.filter(name => text.includes(` ${name}\n`))),
    () => new Set(),
  );
  return knownSymbols;
}
