/** Text that an attacker would choose, and an object whose every name is made of it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installedClangs } from '../compile/toolchain';

/** Sets the clipboard (OSC 52), the title, clears the screen (CSI as two bytes and as one), goes back, turns the direction. */
export const TERMINAL_ATTACK =
  '\u001b]52;c;cm0gLXJm\u0007\u001b]0;owned\u001b\\\u001b[2J\u009b1A\r\b\u007f\u0085\u202egnp.\u2066\nbpfw: all is well';

/** What VS Code makes a link, an icon, an image, markup of. */
export const MARKUP_ATTACK =
  '[Show details](command:workbench.action.terminal.new) $(bell)![x](https://example.invalid/x.png)<b>`';

/** A program with a map, a parameter and records, all named with `attack`. */
export function hostileSource(attack: string): string {
  const text = cString(attack);
  return `#define SEC(name) __attribute__((section(name), used))
#define TAG(text) __attribute__((btf_decl_tag(text)))

struct event {
	unsigned int pid;
	char comm[64];
};

struct {
	int (*type)[27];
	int (*max_entries)[4096];
	struct event *value;
} events __asm__("events" ${text}) SEC(".maps") TAG("bpfw:label=" ${text});

struct {
	int (*type)[1];
	int (*max_entries)[4];
	unsigned int *key;
	unsigned long long *value;
} counts __asm__("counts" ${text}) SEC(".maps");

const volatile unsigned int limit __asm__("limit" ${text}) SEC(".rodata") TAG("bpfw:help=" ${text});

int refuse(void *ctx) __asm__("refuse" ${text});

SEC("kprobe/" ${text})
int refuse(void *ctx)
{
	return *(volatile int *)&limit;
}

char LICENSE[] SEC("license") = "GPL";
`;
}

/** The object of it, in the bytes clang makes. */
export function hostileObject(attack: string): Uint8Array {
  const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-hostile-'));
  try {
    const source = path.join(folder, 'hostile.bpf.c');
    const output = path.join(folder, 'hostile.bpf.o');
    writeFileSync(source, hostileSource(attack));
    const clang = installedClangs().at(-1) ?? 'clang';
    execFileSync(clang, ['-O2', '-g', '--target=bpf', '-c', source, '-o', output], { timeout: 30_000 });
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A C string literal of the text's UTF-8 bytes. */
export function cString(text: string): string {
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, '0')}`;
  return `"${Array.from(new TextEncoder().encode(text), octal).join('')}"`;
}
