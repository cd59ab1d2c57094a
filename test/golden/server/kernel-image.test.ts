/**
 * Without root and without booting anything: what the sandbox VM's kernel image says about functions, in hover and in
 * diagnostics. That it says the same as the running kernel is tested in test/kernel/session/traceable-functions.test.ts.
 */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hover } from 'vscode-languageserver/node';
import { readImageFunctions } from '../../../src/server/kernel/kernel-image';
import { findKernel } from '../../../src/session/vm/kernel-image';
import { kernelImageBtf, unpackedVmlinux } from '../../../src/session/vm/vmlinux';
import { parseBtf } from '../../../src/shared/btf/btf';
import { readKallsyms } from '../../../src/shared/elf/kallsyms';
import { defaultCacheFolder } from '../../../src/system/cache-files';
import { bundleServer, ServerUnderTest, scratch } from './client';

const folder = scratch();
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the sandbox VM's kernel image", () => {
  let server: ServerUnderTest;
  let alone: ServerUnderTest;
  /** In BTF and in the symbol table, and nothing can be traced there; of the rest of the text. */
  let notrace = '';
  /** Of a function the compiler left nothing else of. */
  let variant = '';

  const program = (section: string) =>
    `#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n\nSEC("${section}")\nint program(void *ctx)\n{\n\treturn 0;\n}\n\nchar LICENSE[] SEC("license") = "GPL";\n`;
  const hover = async (of: ServerUnderTest, section: string) => {
    const marked = program(section).replace(
      `/${section.replace(/^.*\//, '')}`,
      match => `/§${match.slice(1)}`,
    );
    const found = await of.at<Hover>('textDocument/hover', `image${++count}.bpf.c`, marked);
    return typeof found.contents === 'object' && 'value' in found.contents ? found.contents.value : '';
  };
  const problems = async (section: string) =>
    (await server.diagnostics(`image${++count}.bpf.c`, program(section))).map(
      one => `${one.severity} ${one.code}: ${one.message}`,
    );

  beforeAll(async () => {
    const cacheFolder = defaultCacheFolder();
    const kernel = await findKernel(cacheFolder);
    const image = await unpackedVmlinux(kernel, cacheFolder);
    const bytes = await kernelImageBtf(kernel, cacheFolder);
    if (image === null || !bytes) throw new Error("the sandbox VM's kernel image cannot be unpacked");
    for (const name of ['cache/btf', 'cache/vmlinux', 'alone'])
      mkdirSync(path.join(folder, name), { recursive: true });
    symlinkSync(image, path.join(folder, 'cache/vmlinux/kernel-1'));
    for (const name of ['cache/btf', 'alone']) writeFileSync(path.join(folder, name, 'kernel-1.btf'), bytes);
    const functions = readImageFunctions(image);
    if (!functions) throw new Error('the image has no functions');
    const names = [...functions.symbols.toString('latin1').matchAll(/^0 . (.*)$/gm)].map(one => one[1] ?? '');
    const known = new Set(names);
    const btf = parseBtf(bytes);
    const isPlain = (name: string) => /^xen_|^cc_|_notrace$/.test(name);
    notrace =
      names.find(
        name => isPlain(name) && !functions.traceable.has(name) && btf.find('func', name) !== null,
      ) ?? '';
    variant =
      names.find(
        name =>
          /^\w+\.isra\.0$/.test(name) &&
          functions.traceable.has(name) &&
          !known.has(name.replace(/\..*/, '')) &&
          btf.find('func', name.replace(/\..*/, '')) === null,
      ) ?? '';
    const bundle = await bundleServer(folder);
    server = await ServerUnderTest.start(bundle, { btfPath: path.join(folder, 'cache/btf/kernel-1.btf') });
    alone = await ServerUnderTest.start(bundle, { btfPath: path.join(folder, 'alone/kernel-1.btf') });
  }, 120_000);
  afterAll(async () => {
    await server.stop();
    await alone.stop();
  });

  it('reports which functions can be traced', async () => {
    expect(await hover(server, 'fentry/vfs_read')).toContain('In the target kernel, and it can be traced.');
    expect(await problems('fentry/vfs_read')).toEqual([]);
  });

  it.each(['fentry', 'kprobe'])('tells which take no %s, and why', async kind => {
    expect(notrace).not.toBe('');
    const why = `${notrace}() cannot be traced: it was compiled without a place for tracing`;
    expect(await hover(server, `${kind}/${notrace}`)).toContain(`⚠ ${why}`);
    expect((await problems(`${kind}/${notrace}`))[0]).toContain(`2 target-missing: ${why}`);
    expect((await problems(`${kind}/irqentry_enter`))[0]).toContain('it is marked noinstr');
    expect((await problems(`${kind}/start_kernel`))[0]).toContain('while the kernel boots');
  });

  it('names the variant the compiler left', async () => {
    expect(variant).not.toBe('');
    const name = variant.replace(/\..*/, '');
    expect(await hover(server, `kprobe/${name}`)).toContain(
      `The compiler changed ${name}() and left only ${variant}`,
    );
    expect(await hover(server, `kprobe/${variant}`)).toContain('it can be traced');
    expect(await problems(`kprobe/${variant}`)).toEqual([]);
  });

  it('does not speak for modules, whose functions it does not have', async () => {
    const [only = ''] = await problems('kprobe/ext4_file_open_of_a_module');
    expect(only === '' || only.startsWith('3 ')).toBe(true);
  });

  it('is reported as missing where it is', async () => {
    expect(await hover(alone, 'fentry/vfs_read')).toContain(
      'In the target kernel. BTF does not record whether it is inlined or marked notrace, and the kernel image is not available here.',
    );
    expect(await hover(alone, `fentry/${notrace}`)).not.toContain('⚠');
  });
});

describe('a symbol table', () => {
  it('is found in nothing that is none', () => {
    const digits = Buffer.from('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\0', 'latin1');
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.alloc(64, 0xff),
      digits,
      Buffer.concat([Buffer.alloc(5000, 1), digits, Buffer.alloc(5000)]),
    ])
      expect(readKallsyms(new Uint8Array(bytes))).toBe(null);
    expect(readImageFunctions(import.meta.filename)).toBe(null);
    expect(readImageFunctions('/nonexistent')).toBe(null);
  });
});
