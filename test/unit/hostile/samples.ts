/** The samples that readers.ts damages: made once by makeSamples, read by the child with read-samples.ts. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseBtf } from '../../../src/shared/btf/btf';
import { BtfWriter } from '../../../src/shared/btf/btf-writer';
import { parseElf } from '../../../src/shared/elf/elf';
import { clangs, compileFixture } from '../object/compile-fixture';
import { smallKernelImage } from './kernel-image';

const root = path.resolve(__dirname, '../../..');
const FIXTURES = ['annotated', 'disk-events', 'form-parameters', 'layouts', 'panel-maps', 'plain', 'records'];
const PROGRAMS = ['probe_target', 'usdtfix'];

/** `objects`: more of them than the fixtures. */
export function makeSamples(folder: string, objects: readonly Uint8Array[] = []): void {
  const put = (kind: string, list: readonly (Uint8Array | string)[]) => {
    mkdirSync(path.join(folder, kind), { recursive: true });
    for (const [index, each] of list.entries()) writeFileSync(path.join(folder, kind, String(index)), each);
  };
  const [clang = 'clang'] = clangs;
  const all = [...FIXTURES.map(name => compileFixture(clang, name)), ...objects];
  const tables = all.map(bytes => parseElf(bytes).section('.BTF')?.bytes ?? new Uint8Array());
  put('objects', all);
  put('btf', tables);
  put('relocationBtf', tables.map(structsOf));
  put(
    'programs',
    PROGRAMS.map(name => compileProgram(clang, name, folder)),
  );
  const kernelImage = smallKernelImage(tables[0] ?? new Uint8Array());
  put('kernelImages', [kernelImage]);
  put('bootImages', [bootImage(kernelImage)]);
  const logs = path.join(root, 'test/fixtures/verifier');
  put(
    'logs',
    readdirSync(logs, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.log'))
      .sort()
      .map(file => readFileSync(path.join(logs, file))),
  );
  const templates = path.join(root, 'bpf-templates');
  const names = readdirSync(templates).filter(name => name !== 'include');
  put(
    'manifests',
    names.map(name => readFileSync(path.join(templates, name, 'template.json'))),
  );
  put('kallsyms', [readFileSync('/proc/kallsyms', 'latin1').split('\n').slice(0, 300).join('\n')]);
  put('maps', [readFileSync('/proc/self/maps')]);
}

/** A few structs of a table as the client sends them to the privileged process. */
function structsOf(table: Uint8Array): Uint8Array {
  const btf = parseBtf(table);
  const writer = new BtfWriter(btf);
  for (const id of [...btf.ids('struct')].slice(0, 12)) writer.add(id);
  return writer.finish();
}

/** A program of the workloads, with dynamic symbols, relocations and USDT notes. */
function compileProgram(clang: string, name: string, folder: string): Uint8Array {
  const output = path.join(folder, name);
  execFileSync(clang, [
    '-O1',
    path.join(root, 'test/kernel/workloads', `${name}.c`),
    '-o',
    output,
    '-lpthread',
  ]);
  return new Uint8Array(readFileSync(output));
}

/** As Documentation/arch/x86/boot.rst has it: a header that says where the compressed kernel lies. */
function bootImage(kernel: Uint8Array): Uint8Array {
  const payload = gzipSync(kernel);
  const header = Buffer.alloc(5 * 512);
  header.write('HdrS', 0x202, 'latin1');
  header.writeUInt32LE(0, 0x248);
  header.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([header, payload]);
}
