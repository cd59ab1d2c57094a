/** What a vmlinux.h that lies in a project was made from: the kernel of which architecture, or none. */

export interface KernelHeader {
  /** As process.arch names it; null where struct pt_regs does not tell. */
  readonly architecture: Architecture | null;
  /** Structs and unions that it defines. */
  readonly tags: ReadonlySet<string>;
  /** No type at all. */
  readonly isEmpty: boolean;
}

export type Architecture = keyof typeof REGISTERS;

/** Members of struct pt_regs that only one architecture has (arch/*\/include/asm/ptrace.h), and what to tell of them. */
const REGISTERS = {
  x64: { members: /\br15\b/, told: 'r15 to r12, di' },
  ia32: { members: /\b__fsh?\b|\borig_ax\b/, told: 'bx, cx, dx without r15' },
  arm64: { members: /\buser_pt_regs\b[\s\S]*\b(?:pstate|syscallno)\b/, told: 'user_pt_regs, regs[31]' },
  arm: { members: /\buregs\b/, told: 'uregs[18]' },
  s390x: { members: /\bgprs\b|\bpsw\b/, told: 'psw, gprs[16]' },
  ppc64: { members: /\bgpr\b|\bnip\b/, told: 'gpr[32], nip' },
  riscv64: { members: /\bepc\b[\s\S]*\bra\b/, told: 'epc, ra' },
  loong64: { members: /\bcsr_era\b/, told: 'csr_era' },
  mips: { members: /\bcp0_epc\b/, told: 'cp0_epc' },
} as const;

const NAMES: Readonly<Partial<Record<string, string>>> = { x64: 'x86-64', ia32: '32-bit x86' };

/** "x86-64" for x64. */
export const architectureName = (architecture: string): string => NAMES[architecture] ?? architecture;

/** From the names of the members of struct pt_regs, or the text between its braces. */
export function architectureOf(registers: string): Architecture | null {
  const all = Object.entries(REGISTERS) as [Architecture, { members: RegExp }][];
  return all.find(([, { members }]) => members.test(registers))?.[0] ?? null;
}

export function readKernelHeader(text: string): KernelHeader {
  const registers = /\bstruct pt_regs\s*\{([\s\S]*?)\n\}/.exec(text)?.[1] ?? '';
  return {
    architecture: architectureOf(registers),
    tags: new Set([...text.matchAll(/\b(?:struct|union)\s+(\w+)\s*\{/g)].map(match => match[1] ?? '')),
    isEmpty: !/\b(?:struct|union|enum|typedef)\b/.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
  };
}

/** Why a program for `target` (as process.arch names it) cannot be compiled with the header; null where it may be. */
export function kernelHeaderProblem(header: KernelHeader, target: string): string | null {
  if (header.isEmpty) return 'This project’s vmlinux.h declares no type: making it has failed.';
  const { architecture } = header;
  if (architecture === null || architecture === target) return null;
  const lacks = target === 'x64' ? ', no di' : '';
  return `This project’s vmlinux.h is of ${architectureName(architecture)} (struct pt_regs has ${REGISTERS[architecture].told}${lacks}), and the target is ${architectureName(target)}.`;
}
