/** Attaches loaded programs according to their override or section, and detaches them. */
import { sectionAttach } from '../../shared/bpf/section-attach';
import { KERNEL_NAME, KERNEL_PATTERN, kindOf } from '../../shared/bpf/section-kinds';
import type { AttachOverride } from '../../shared/protocol/tracer';
import { TracerError } from '../common/errors';
import { type CallerFile, openAsCaller, openBinaryAsCaller } from './caller-access';
import { ERRNO, isPermission, MISSING_CAPABILITY, systemError } from './errors';
import * as ffi from './ffi';
import { captureLog, firstReason } from './log';
import type { ProgramHandle } from './object';
import { onlineCpus, openPerfEvent, type PerfEvent } from './perf-event';

/** What keeps a program attached. */
export type Link =
  | { readonly kind: 'link'; readonly pointer: ffi.Pointer }
  | { readonly kind: 'event'; readonly fd: number };

export interface Attached {
  /** In SEC() notation; null when the program is only loaded. */
  readonly attach: string | null;
  readonly links: readonly Link[];
}

type Call = () => Promise<ffi.AsyncOutcome<ffi.Pointer | null>>;

/**
 * Throws TracerError 'attach-failed', 'not-permitted' or 'not-found', with libbpf's message and the program's name. Nothing
 * stays attached then.
 */
export async function attachProgram(program: ProgramHandle, override: AttachOverride): Promise<Attached> {
  try {
    return await attachBy(program, override);
  } catch (error) {
    if (!(error instanceof TracerError)) throw error;
    throw new TracerError(error.code, error.message, { ...error.details, program: program.name });
  }
}

async function attachBy(program: ProgramHandle, override: AttachOverride): Promise<Attached> {
  switch (override.kind) {
    case 'none':
      return { attach: null, links: [] };
    case 'fentry':
      // The target was set before load; libbpf must not derive one from a section of another kind.
      if (!isBoundToFunction(program.section))
        throw refusal(program, 'does not take a function. Attach it by its section.');
      return one(program, `${program.section.split('/')[0]}/${override.function}`, () =>
        ffi.attachAuto.async(program.pointer),
      );
    case 'kprobe': {
      const offset = override.offset > 0 ? `+0x${override.offset.toString(16)}` : '';
      return one(program, `${override.return ? 'kretprobe' : 'kprobe'}/${override.function}${offset}`, () =>
        ffi.attachKprobe.async(
          program.pointer,
          requireKernelName(program, override.function),
          ffi.kprobeOptions(override.offset, override.return),
        ),
      );
    }
    case 'kprobe.multi':
      return one(program, `${override.return ? 'kretprobe' : 'kprobe'}.multi/${override.pattern}`, () =>
        ffi.attachKprobeMulti.async(
          program.pointer,
          requireKernelName(program, override.pattern, KERNEL_PATTERN),
          ffi.kprobeMultiOptions(override.return),
        ),
      );
    case 'tracepoint':
      return one(program, `tracepoint/${override.category}/${override.name}`, () =>
        ffi.attachTracepoint.async(
          program.pointer,
          requireKernelName(program, override.category),
          requireKernelName(program, override.name),
        ),
      );
    case 'uprobe':
      return attachUprobe(program, openAsCaller(override.path), {
        pid: override.pid,
        offset: BigInt(override.offset),
        semaphore: BigInt(override.semaphoreOffset),
        retprobe: override.return,
        symbol: null,
        label: `${override.return ? 'uretprobe' : 'uprobe'}/${override.path}:+0x${BigInt(override.offset).toString(16)}`,
      });
    case 'usdt':
      return attachUsdt(program, openAsCaller(override.path), override);
    case 'perf':
      return attachPerfEvents(program, override);
    case 'auto':
      return attachBySection(program);
  }
}

async function attachBySection(program: ProgramHandle): Promise<Attached> {
  const { section } = program;
  const attach = sectionAttach(section);
  switch (attach.how) {
    case 'loaded only':
      return { attach: null, links: [] };
    case 'libbpf':
      return one(program, section, () => ffi.attachAuto.async(program.pointer));
    case 'uprobe':
      return attachUprobe(program, openBinaryAsCaller(attach.file), {
        pid: 0,
        offset: attach.offset,
        semaphore: 0n,
        retprobe: attach.return,
        symbol: attach.symbol,
        label: section,
      });
    case 'usdt':
      return attachUsdt(program, openBinaryAsCaller(attach.file), {
        path: attach.file,
        provider: attach.provider,
        probe: attach.probe,
        pid: 0,
      });
    case 'refused':
      throw refusal(program, attach.why);
  }
}

function refusal(program: ProgramHandle, why: string): TracerError {
  return new TracerError('attach-failed', `SEC("${program.section}") of program ${program.name} ${why}`);
}

/** An override's names have the same grammar as those in a section. */
function requireKernelName(program: ProgramHandle, name: string, grammar = KERNEL_NAME): string {
  if (grammar.test(name)) return name;
  throw new TracerError(
    'attach-failed',
    `Program ${program.name} cannot attach to '${name}': it is not a valid kernel name.`,
  );
}

interface UprobeTarget {
  readonly pid: number;
  readonly offset: bigint;
  readonly semaphore: bigint;
  readonly retprobe: boolean;
  readonly symbol: string | null;
  readonly label: string;
}

/** libbpf: -1 is every process, 0 this one. Ours: 0 is every process. */
const libbpfPid = (pid: number): number => (pid === 0 ? -1 : pid);

async function attachUprobe(
  program: ProgramHandle,
  file: CallerFile,
  target: UprobeTarget,
): Promise<Attached> {
  try {
    return await one(
      program,
      target.label,
      () =>
        ffi.attachUprobe.async(
          program.pointer,
          libbpfPid(target.pid),
          file.path,
          target.offset,
          ffi.uprobeOptions(target.semaphore, target.retprobe, target.symbol),
        ),
      file,
    );
  } finally {
    file.close();
  }
}

async function attachUsdt(
  program: ProgramHandle,
  file: CallerFile,
  target: { readonly path: string; readonly provider: string; readonly probe: string; readonly pid: number },
): Promise<Attached> {
  try {
    return await one(
      program,
      `usdt/${target.path}:${target.provider}:${target.probe}`,
      () =>
        ffi.attachUsdt.async(
          program.pointer,
          libbpfPid(target.pid),
          file.path,
          target.provider,
          target.probe,
          null,
        ),
      file,
    );
  } finally {
    file.close();
  }
}

export interface PerfEventTarget {
  readonly type: number;
  readonly config: string;
  readonly frequencyHz: number;
  readonly cpu: number;
  readonly pid: number;
  readonly branchSampleType: string;
}

/** Opens the event on the requested CPU, or on every online one. Closes all of them when one fails. */
export function openPerfEvents(target: PerfEventTarget): number[] {
  const event: PerfEvent = {
    type: target.type,
    config: BigInt(target.config),
    frequencyHz: target.frequencyHz,
    samplePeriod: 0,
    sampleType: 0n,
    branchSampleType: BigInt(target.branchSampleType),
    wakeupEvents: 0,
  };
  // An event of one process follows it over all CPUs.
  const cpus = target.cpu < 0 && target.pid === 0 ? onlineCpus() : [target.cpu];
  const fds: number[] = [];
  try {
    for (const cpu of cpus) fds.push(openPerfEvent(event, target.pid, cpu));
  } catch (error) {
    for (const fd of fds) ffi.close(fd);
    throw error;
  }
  return fds;
}

/** PERF_TYPE_*:PERF_COUNT_* of include/uapi/linux/perf_event.h, as perf(1) names them. */
const PERF_EVENT_NAMES: Readonly<Record<string, string>> = { '0:0': 'cpu-cycles', '1:0': 'cpu-clock' };

async function attachPerfEvents(program: ProgramHandle, target: PerfEventTarget): Promise<Attached> {
  const fds = openPerfEvents(target);
  const links: Link[] = [];
  try {
    while (fds.length > 0) {
      const fd = fds[0] ?? -1;
      const { links: added } = await one(program, '', () => ffi.attachPerfEvent.async(program.pointer, fd));
      // The link owns the event from here on.
      fds.shift();
      links.push(...added);
    }
  } catch (error) {
    for (const fd of fds) ffi.close(fd);
    await detach(links);
    throw error;
  }
  const event = `${target.type}:${target.config}`;
  return {
    attach: `perf_event/${PERF_EVENT_NAMES[event] ?? event} at ${target.frequencyHz} Hz`,
    links,
  };
}

/** Types that are bound to their function at load time: fentry and the like, freplace. */
function isBoundToFunction(section: string): boolean {
  const kind = kindOf(section);
  return kind?.family === 'ext' || (kind?.family === 'tracing' && kind.target === 'function');
}

/** One libbpf call; a failed one is repeated with libbpf's messages captured, for the reason. */
async function one(
  program: ProgramHandle,
  attach: string,
  call: Call,
  file: CallerFile | null = null,
): Promise<Attached> {
  const first = await call();
  if (first.value !== null) return { attach, links: [{ kind: 'link', pointer: first.value }] };
  const { result, log } = await captureLog(call);
  if (result.value !== null) return { attach, links: [{ kind: 'link', pointer: result.value }] };
  // libbpf knows the file by its descriptor only.
  const named = file
    ? log.map(line => line.replaceAll(new RegExp(`${file.path}\\b`, 'g'), () => file.named))
    : log;
  throw attachError(program, attach, result.errno || first.errno, named);
}

function attachError(
  program: ProgramHandle,
  attach: string,
  errno: number,
  log: readonly string[],
): TracerError {
  const where = attach || program.section;
  const details = { libbpfLog: log };
  if (isPermission(errno)) {
    const fix = `${MISSING_CAPABILITY} kprobes, uprobes, tracepoints and perf events also depend on kernel.perf_event_paranoid.`;
    return systemError(
      'not-permitted',
      `Attaching ${program.name} to ${where} was refused`,
      errno,
      fix,
      details,
    );
  }
  const fix =
    errno === ERRNO.ENOENT || errno === ERRNO.ESRCH
      ? 'The running system has no such attach point.'
      : errno === ERRNO.EOPNOTSUPP
        ? 'This kernel or libbpf does not support this kind of attach point.'
        : errno === ERRNO.EINVAL || errno === ERRNO.EBUSY
          ? 'The attach point may not be traceable (inlined, notrace) or may already be in use.'
          : '';
  return systemError(
    'attach-failed',
    `Attaching ${program.name} to ${where} failed`,
    errno,
    `${fix} ${firstReason(log)}`,
    details,
  );
}

/** Destroys links, several at a time: each waits for an RCU grace period. */
export async function detach(links: readonly Link[]): Promise<void> {
  await Promise.all(
    links.map(async link => {
      if (link.kind === 'event') ffi.close(link.fd);
      else await ffi.linkDestroy.async(link.pointer);
    }),
  );
}
