/** Demangles names of the kernel's Rust functions: /proc/kallsyms has them mangled (v0). */
import { BoundedMap } from '../../system/bounded-map';
import { LineProcess } from './line-process';
import { readableName } from './rust-names';

/** Rust's manglings: v0 (RFC 2603) and the legacy one. The kernel has no C++. */
const MANGLED = /^_(R|ZN)/;

const NAMES_KEPT = 16_384;

export class Demangler {
  private tool: Promise<LineProcess | null> | null = null;
  private readonly known = new BoundedMap<string, Promise<string>>(NAMES_KEPT);

  /** The demangled name; unchanged when it is not mangled or llvm-cxxfilt cannot demangle it. */
  readable(name: string): string | Promise<string> {
    if (!MANGLED.test(name)) return name;
    const known = this.known.get(name) ?? this.ask(name);
    this.known.set(name, known);
    return known;
  }

  dispose(): void {
    void this.tool?.then(tool => tool?.dispose());
  }

  private async ask(name: string): Promise<string> {
    this.tool ??= LineProcess.start('llvm-cxxfilt', []);
    const answer = await (await this.tool)?.ask(name);
    return answer ? readableName(answer) : name;
  }
}
