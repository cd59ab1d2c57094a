/** Every reader of bytes or text that come from a file, with real input to damage and the errors it may throw. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { vmlinuxHeader } from '../../../src/compile/vmlinux-header';
import { reducedVmlinuxHeader } from '../../../src/compile/vmlinux-reduce';
import { readImageFunctions } from '../../../src/server/kernel/kernel-image';
import { KernelTypes } from '../../../src/server/kernel/kernel-types';
import { readUserBinary } from '../../../src/server/kernel/user-binary';
import { KernelSymbols } from '../../../src/session/symbols/kernel-symbols';
import { parseMaps } from '../../../src/session/symbols/process-maps';
import { hasPvhEntry, kernelImageBtf } from '../../../src/session/vm/vmlinux';
import { parseBtf } from '../../../src/shared/btf/btf';
import { readDwarf } from '../../../src/shared/dwarf/dwarf';
import { parseElf } from '../../../src/shared/elf/elf';
import { readKallsyms } from '../../../src/shared/elf/kallsyms';
import { ObjectError } from '../../../src/shared/elf/object-error';
import { exportEbpfExporter } from '../../../src/shared/export/ebpf-exporter';
import { exportInspektorGadget } from '../../../src/shared/export/inspektor-gadget';
import { ExportError } from '../../../src/shared/export/model';
import { readObject } from '../../../src/shared/object/object';
import { panelsOf } from '../../../src/shared/object/panels';
import { layoutOf } from '../../../src/shared/object/record-layout';
import { relocationBtf } from '../../../src/shared/object/relocation-btf';
import { TemplateManifestSchema } from '../../../src/shared/template/manifest';
import { explainLog } from '../../../src/shared/verifier/explain';
import { parseVerifierLog } from '../../../src/shared/verifier/parse-log';
import { UserElf, UserElfError } from '../../../src/system/user-elf';
import { isSoundBtf } from '../../../src/tracer/sound-btf';
import { type Below, damagedBtf, damagedBytes, damagedElf, damagedText, pick } from './mutate';

/** Real input, by what it is. Text as bytes of UTF-8. */
export interface Samples {
  readonly objects: readonly Uint8Array[];
  /** Tables of their own, little. */
  readonly btf: readonly Uint8Array[];
  /** A table that BtfWriter made. */
  readonly relocationBtf: readonly Uint8Array[];
  readonly programs: readonly Uint8Array[];
  readonly kernelImages: readonly Uint8Array[];
  /** x86 boot images with a compressed kernel in them. */
  readonly bootImages: readonly Uint8Array[];
  readonly logs: readonly string[];
  readonly manifests: readonly string[];
  readonly kallsyms: readonly string[];
  readonly maps: readonly string[];
}

export interface Reader {
  readonly name: string;
  /** Damages one of the samples and reads it. Throws one of `errors`, or nothing. */
  readonly read: (below: Below) => void | Promise<void>;
  readonly errors: readonly (new (...args: never[]) => Error)[];
}

/** `folder`: for readers of files. */
export function hostileReaders(samples: Samples, folder: string): readonly Reader[] {
  const file = path.join(folder, 'damaged');
  const written = (bytes: Uint8Array): string => {
    writeFileSync(file, bytes);
    return file;
  };
  const elf = (list: readonly Uint8Array[], below: Below) => damagedElf(pick(list, below), below);
  const manifest = v.safeParser(TemplateManifestSchema);
  let images = 0;
  return [
    {
      name: 'objects: readObject and all it shows',
      errors: [ObjectError],
      read: below => readWholeObject(elf(samples.objects, below)),
    },
    {
      name: 'objects: sections, symbols, relocations, DWARF',
      errors: [ObjectError],
      read: below => readElfAndDwarf(elf(samples.objects, below)),
    },
    {
      name: 'objects: exports for other engines',
      errors: [ObjectError, ExportError],
      read: below => exportObject(elf(samples.objects, below)),
    },
    {
      name: 'BTF: every type',
      errors: [ObjectError],
      read: below => readTypes(damagedBtf(pick(samples.btf, below), below)),
    },
    {
      name: 'BTF: vmlinux.h, full and reduced',
      errors: [ObjectError],
      read: below => writeHeaders(damagedBtf(pick(samples.btf, below), below)),
    },
    {
      name: 'BTF: the language server’s types',
      errors: [ObjectError],
      read: below => completeTypes(damagedBtf(pick(samples.btf, below), below)),
    },
    {
      name: 'BTF: relocations of an object against a kernel',
      errors: [ObjectError],
      read: below => relocate(elf(samples.objects, below), damagedBtf(pick(samples.btf, below), below)),
    },
    {
      name: 'BTF: the privileged process’s look',
      errors: [],
      read: below => {
        const bytes = damagedBtf(pick(samples.relocationBtf, below), below);
        // What it lets pass has no circle: every type has a size.
        if (isSoundBtf(bytes)) readTypes(bytes);
      },
    },
    {
      name: 'programs: uprobe targets',
      errors: [UserElfError],
      read: below => readUserElf(elf(samples.programs, below)),
    },
    {
      name: 'programs: the language server’s functions and probes',
      errors: [],
      read: below => {
        const found = readUserBinary(written(elf(samples.programs, below)));
        JSON.stringify(found);
      },
    },
    {
      name: 'kernel image: functions',
      errors: [],
      read: below => void readImageFunctions(written(elf(samples.kernelImages, below))),
    },
    {
      name: 'kernel image: symbol table',
      errors: [],
      read: below =>
        void readKallsyms(damagedBytes(pick(samples.kernelImages, below), below))?.addressOf('function_7'),
    },
    {
      name: 'kernel image: way to boot it',
      errors: [],
      read: async below => void (await hasPvhEntry(written(elf(samples.kernelImages, below)))),
    },
    {
      name: 'kernel image: types, unpacked from its boot image',
      errors: [],
      read: async below => {
        const imagePath = written(damagedBytes(pick(samples.bootImages, below), below));
        // Another release each time: what was unpacked before is kept.
        const kernel = { release: `0.${images++ % 4}`, imagePath, modulesFolder: folder };
        await kernelImageBtf(kernel, folder);
      },
    },
    {
      name: 'verifier logs',
      errors: [],
      read: below => explain(damagedText(pick(samples.logs, below), below)),
    },
    {
      name: 'template.json',
      errors: [SyntaxError],
      // JSON.parse's own error is what readCatalogue turns into a TemplateError.
      read: below => void manifest(JSON.parse(damagedText(pick(samples.manifests, below), below))),
    },
    {
      name: '/proc/kallsyms',
      errors: [],
      read: below =>
        void KernelSymbols.parse(damagedText(pick(samples.kallsyms, below), below)).find(0xffffffff81000100n),
    },
    {
      name: '/proc/PID/maps',
      errors: [],
      read: below => void parseMaps(damagedText(pick(samples.maps, below), below)),
    },
  ];
}

function readWholeObject(bytes: Uint8Array): void {
  const object = readObject(bytes, 'damaged');
  const { btf, ...rest } = object;
  JSON.stringify(rest);
  panelsOf(object);
  if (btf) for (let id = 0; id < btf.typeCount; id++) orRefused(() => btf.sizeOf(id));
}

function readElfAndDwarf(bytes: Uint8Array): void {
  const elf = parseElf(bytes);
  for (const section of elf.sections) elf.relocations(section.index);
  const dwarf = readDwarf(elf);
  if (!dwarf) return;
  const { types } = dwarf;
  for (let id = 0; id < Math.min(types.typeCount, 500); id++) {
    orRefused(() => layoutOf(types, id));
    types.find('struct', types.name(id));
    types.declTags(id, 0);
  }
  for (const symbol of elf.symbols) dwarf.localsOf(symbol.name);
}

/** Runs it; an ObjectError is an answer too. */
function orRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
  }
}

function exportObject(bytes: Uint8Array): void {
  const object = readObject(bytes, 'damaged');
  const source = '#include "bpfw.h"\nSEC("?kprobe/x")\nint f(void *ctx)\n{\n\treturn 0;\n}\n';
  const input = { name: 'damaged', description: 'damaged', source, object, headers: [] };
  for (const write of [exportInspektorGadget, exportEbpfExporter]) {
    try {
      write(input);
    } catch (error) {
      if (!(error instanceof ExportError || error instanceof ObjectError)) throw error;
    }
  }
}

function readTypes(bytes: Uint8Array): void {
  const btf = parseBtf(bytes);
  for (let id = 0; id < btf.typeCount; id++) {
    orRefused(() => btf.type(id));
    orRefused(() => btf.resolve(id));
    orRefused(() => btf.sizeOf(id));
    orRefused(() => btf.declTags(id, -1));
    orRefused(() => layoutOf(btf, id));
  }
  orRefused(() => btf.find('struct', 'event'));
  orRefused(() => btf.flavours([{ kind: 'struct', name: 'event' }]));
}

function writeHeaders(bytes: Uint8Array): void {
  const btf = parseBtf(bytes);
  const names = new Set(['event', 'task_struct', 'pt_regs', 'u32', 'layouts', 'outer']);
  orRefused(() => vmlinuxHeader(btf));
  reducedVmlinuxHeader(btf, {
    names,
    memberNames: new Set(['next', 'parent', 'mm']),
    takenTags: new Set(),
    takenNames: new Set(),
  });
}

function completeTypes(bytes: Uint8Array): void {
  const types = new KernelTypes(parseBtf(bytes), bytes);
  types.prepare();
  const first = <T>(list: Iterable<T>): T[] => [...list].slice(0, 50);
  for (const name of first(types.functions)) orRefused(() => types.signature(name));
  for (const name of first(types.tracepoints)) orRefused(() => types.tracepointSignature(name));
  for (const name of first(types.namesOf('struct'))) {
    const id = types.findType(`struct ${name}`);
    if (id !== null) orRefused(() => types.members(id));
  }
  orRefused(() => types.kfuncs);
  types.enumeratorNames;
}

function relocate(objectBytes: Uint8Array, kernelBytes: Uint8Array): void {
  const object = readObject(objectBytes, 'damaged');
  const part = relocationBtf(object, object.programs, parseBtf(kernelBytes));
  if (part) isSoundBtf(part);
}

function readUserElf(bytes: Uint8Array): void {
  const elf = new UserElf(bytes);
  const answers = [
    () => elf.functionsWhere(() => true).map(symbol => elf.fileOffset(symbol.address)),
    () => elf.publicName('malloc'),
    () => [elf.firstAddress, elf.addressAt(0x1000)],
    () => elf.buildId(),
    () => elf.usdtProbes(),
    () => elf.gotSlots('malloc'),
  ];
  for (const answer of answers) {
    try {
      answer();
    } catch (error) {
      if (!(error instanceof UserElfError)) throw error;
    }
  }
}

function explain(text: string): void {
  parseVerifierLog(text);
  for (const { diagnostics } of explainLog(text, { source: { file: 'x.bpf.c', text } })) {
    for (const { line, column, message } of diagnostics) {
      if ((line ?? 1) < 1 || (column ?? 1) < 1 || /undefined|NaN|\[object/.test(message))
        throw new Error(`an explanation at ${line}:${column} that says '${message}'`);
    }
  }
}
