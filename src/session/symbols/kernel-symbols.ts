/** Names of kernel addresses, from /proc/kallsyms (kernel/kallsyms.c), whose lines are "ffffffff81000000 T name\t[module]". */

export interface KernelSymbol {
  readonly name: string;
  /** null for the core kernel. */
  readonly module: string | null;
  /** Bytes from the symbol's start. */
  readonly offset: number;
}

/** Text symbols sorted by address; about 100,000 on a distribution kernel. */
export class KernelSymbols {
  private constructor(
    private readonly addresses: BigUint64Array,
    private readonly lines: readonly string[],
  ) {}

  /** Omits lines whose address is zero: the reader lacks CAP_SYSLOG (kernel.kptr_restrict). */
  static parse(kallsyms: string): KernelSymbols {
    const found: { address: bigint; line: string }[] = [];
    for (const line of kallsyms.split('\n')) {
      const type = line.charAt(17);
      if (type !== 'T' && type !== 't' && type !== 'W' && type !== 'w') continue;
      // The text may come from the sandbox VM, so it is untrusted input.
      if (!/^[0-9a-f]{16} /.test(line)) continue;
      const address = BigInt(`0x${line.slice(0, 16)}`);
      if (address !== 0n) found.push({ address, line });
    }
    found.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
    return new KernelSymbols(
      BigUint64Array.from(found, symbol => symbol.address),
      found.map(symbol => symbol.line),
    );
  }

  /** False when all addresses are hidden from the reader, so that nothing can be symbolized. */
  get known(): boolean {
    return this.addresses.length > 0;
  }

  /** The last symbol that starts at or before the address; null below the first. */
  find(address: bigint): KernelSymbol | null {
    let low = 0;
    let high = this.addresses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.addresses[middle] ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const line = this.lines[low - 1];
    const start = this.addresses[low - 1];
    if (line === undefined || start === undefined) return null;
    const [name = '', module] = line.slice(19).split('\t');
    return {
      name,
      module: module === undefined ? null : module.slice(1, -1),
      offset: Number(address - start),
    };
  }
}
