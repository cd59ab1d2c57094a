/**
 * Which functions tracing can be put on, read out of the kernel's image without root: against what the kernel itself says
 * when it runs (available_filter_functions, /proc/kallsyms), name by name.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ImageFunctions, readImageFunctions } from '../../../src/server/kernel/kernel-image';
import { findKernel } from '../../../src/session/vm/kernel-image';
import { unpackedVmlinux } from '../../../src/session/vm/vmlinux';
import { defaultCacheFolder } from '../../../src/system/cache-files';
import { sharedGuest } from '../bench/guest';
import { trace, traceBench } from '../bench/trace';

let folder = '';
let image: ImageFunctions;
/** Names in the guest, of the kernel proper. */
let listed: Set<string>;
let symbols: Set<string>;
let table = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bpfw-traceable-'));
  const cacheFolder = defaultCacheFolder();
  const file = await unpackedVmlinux(await findKernel(cacheFolder), cacheFolder);
  const read = file === null ? null : readImageFunctions(file);
  if (!read) throw new Error("the sandbox VM's kernel image cannot be read");
  image = read;
  const guest = await sharedGuest();
  const output = await guest.sh(
    'cat /sys/kernel/tracing/available_filter_functions; echo ---; cat /proc/kallsyms',
  );
  const [functions = '', kallsyms = ''] = output.split('---\n');
  table = kallsyms;
  // Places of functions that a stronger definition replaced have no name: __ftrace_invalid_address___16.
  listed = new Set(
    functions.split('\n').filter(name => /^[\w.]+$/.test(name) && !name.startsWith('__ftrace_invalid_')),
  );
  symbols = new Set([...table.matchAll(/^[0-9a-f]+ [tTwW] ([^\t\n]+)$/gm)].map(match => match[1] ?? ''));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the kernel's image", () => {
  it('has the symbols the running kernel has', () => {
    const read = new Set(
      [...image.symbols.toString('latin1').matchAll(/^0 . (.*)$/gm)].map(one => one[1] ?? ''),
    );
    // BPF programs and trampolines get symbols as they are loaded.
    const fromImage = [...symbols].filter(name => !/^bpf_(prog|trampoline)_|^bpf_dispatcher_/.test(name));
    expect(fromImage.length).toBeGreaterThan(10_000);
    expect(fromImage.filter(name => !read.has(name))).toEqual([]);
  });

  it('has the functions that can be traced, all of them and no other', () => {
    expect(listed.size).toBeGreaterThan(10_000);
    expect([...listed].filter(name => !image.traceable.has(name))).toEqual([]);
    // A place with several names is listed under one of them, and the kernel takes each.
    const places = new Map<string, string[]>();
    for (const [, address = '', name = ''] of table.matchAll(/^([0-9a-f]+) [tTwW] ([^\t\n]+)$/gm))
      places.set(address, [...(places.get(address) ?? []), name]);
    const isOtherName = (name: string) =>
      [...places.values()].some(names => names.includes(name) && names.some(other => listed.has(other)));
    expect([...image.traceable].filter(name => !listed.has(name) && !isOtherName(name))).toEqual([]);
  });

  it.each(['fentry', 'kprobe'])('is believed about what %s can be put on', async kind => {
    const { target } = await traceBench();
    const { btf } = await target.readBtf();
    const hasCode = new Set(
      [...image.symbols.toString('latin1').matchAll(/^0 T (\w+)$/gm)].map(one => one[1] ?? ''),
    );
    const refused = [...hasCode].find(name => !image.traceable.has(name) && btf.find('func', name) !== null);
    if (refused === undefined) throw new Error('every function of the BTF can be traced');
    const attach = async (name: string) => {
      const program = path.join(folder, `${kind}-${name}.bpf.c`);
      await writeFile(
        program,
        `#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n__u64 calls = 0;\nSEC("${kind}/${name}") int program(void *ctx) { __sync_fetch_and_add(&calls, 1); return 0; }\nchar LICENSE[] SEC("license") = "GPL";\n`,
      );
      return trace({ program, command: ['cat', '/proc/self/status'], wholeSystem: true });
    };
    expect((await attach('vfs_read')).attached).toEqual([`${kind}/vfs_read`]);
    await expect(attach(refused)).rejects.toThrow(refused);
  });
});
