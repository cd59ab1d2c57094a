import { HELPER } from '../bpf/helper-ids';
import { parseBtf } from '../btf/btf';
import type { Btf, BtfTypeId } from '../btf/btf-model';
import { decodeCString } from '../bytes/utf8';
import { type DwarfTypes, readDwarf } from '../dwarf/dwarf';
import { type Elf, EM_BPF, parseElf } from '../elf/elf';
import { ObjectError } from '../elf/object-error';
import { type BtfExt, parseBtfExt } from './btf-ext';
import { isReadOnlyData, isWritableData, readVariables, type Variable } from './data-section';
import { EventRecords } from './event-records';
import { readGlobals } from './globals';
import { IndexNames } from './index-names';
import { inferView, listedEntries } from './infer-map-view';
import { CodeIndex } from './instructions';
import { type DeclaredMap, readMaps } from './maps';
import type { BpfObject, MapDefinition } from './model';
import { readParameters } from './parameters';
import { placeholderParameters } from './placeholders';
import { type FoundProgram, readPrograms } from './programs';
import { sizeParameters } from './size-parameters';
import { withStackIds } from './stack-ids';

/**
 * Reads a BPF object file: programs, maps with their views, parameters and globals. `name` is the object's name (its file
 * name without .bpf.o). `bytes` must not change while the result is in use: its BTF is decoded on demand.
 *
 * Throws ObjectError for anything that is not a valid BPF object. `bytes` may be untrusted input: time and memory are
 * bounded by the file's size.
 */
export function readObject(bytes: Uint8Array, name: string): BpfObject {
  try {
    return read(bytes, name);
  } catch (error) {
    // A RangeError of DataView means that a header points outside the file.
    if (!(error instanceof RangeError)) throw error;
    throw new ObjectError('truncated', 'The object file is truncated or damaged. Compile the program again.');
  }
}

function read(bytes: Uint8Array, name: string): BpfObject {
  const elf = parseElf(bytes);
  if (elf.machine !== EM_BPF) {
    throw new ObjectError(
      'not-bpf',
      'This ELF file contains no BPF code. Choose the .o file that clang --target=bpf created.',
    );
  }
  const btfSection = elf.section('.BTF');
  const btf = btfSection ? parseBtf(btfSection.bytes) : null;
  const extSection = elf.section('.BTF.ext');
  const ext: BtfExt | null = btf && extSection ? parseBtfExt(extSection.bytes, btf, elf.littleEndian) : null;

  const code = new CodeIndex(elf);
  const programs = readPrograms(elf, code, btf, ext);
  const declared = readMaps(elf, btf);
  const mapNames = new Set(declared.map(map => map.definition.name));
  const constants = btf ? readVariables(elf, btf, isReadOnlyData) : [];
  const variables = btf ? readVariables(elf, btf, isWritableData) : [];
  let dwarf: DwarfTypes | null | undefined;
  const debugTypes = () => {
    dwarf ??= readDwarf(elf);
    return dwarf;
  };
  const indices = new IndexNames(() => [btf, debugTypes()?.types].filter(table => table != null));
  const maps = btf
    ? readViews(elf, btf, code, programs, declared, mapNames, [...variables, ...constants], debugTypes)
    : [];
  const tagsOf = new Map(declared.map(({ definition, tags }) => [definition.name, tags]));
  const parameters = btf ? readParameters(btf, constants, elf.littleEndian) : [];
  return {
    name,
    license: readLicense(elf),
    programs: programs.map(({ program }) => program),
    maps: maps.map(map => indices.namedMap(map, tagsOf.get(map.name)?.get('index') ?? null)),
    parameters: [
      ...parameters,
      ...placeholderParameters(
        programs.map(({ program }) => program),
        parameters,
      ),
      ...sizeParameters(maps),
    ],
    globals: (btf ? readGlobals(btf, variables, mapNames) : []).map(global => ({
      ...global,
      layout: indices.named(global.layout, global.name),
    })),
    subprogramLines: ext?.lines.get('.text') ?? [],
    usesPrintk: programs.some(({ program }) =>
      program.helperIds.some(id => id === HELPER.tracePrintk || id === HELPER.tracePrintkV),
    ),
    btf,
    relocations: ext?.relocations ?? new Map(),
    rootTypeIds: rootIds(programs, declared, [...constants, ...variables]),
  };
}

function readLicense(elf: Elf): string | null {
  const section = elf.section('license');
  return section ? decodeCString(section.bytes, 0, Math.min(section.bytes.byteLength, 256)) : null;
}

function readViews(
  elf: Elf,
  btf: Btf,
  code: CodeIndex,
  programs: readonly FoundProgram[],
  declared: readonly DeclaredMap[],
  mapNames: ReadonlySet<string>,
  variables: readonly Variable[],
  debugTypes: () => DwarfTypes | null,
): MapDefinition[] {
  const functions = new Set(programs.flatMap(program => code.reachable(program.code)));
  const records = new EventRecords(elf, btf, code, functions, variables, debugTypes);
  const byName = new Map(declared.map(map => [map.definition.name, map]));
  const buffers = declared.filter(
    ({ definition }) => definition.typeName === 'ringbuf' || records.isWritten(definition.name),
  ).length;
  const context = {
    btf,
    mapNames,
    recordOf: (map: string) => {
      const found = byName.get(map);
      return found ? records.recordOf(found, buffers) : null;
    },
    isWritten: (map: string) => records.isWritten(map),
    keyParts: [...functions].flatMap(each => code.facts(each).keyParts),
  };
  const stackIds = [...functions].flatMap(each => code.facts(each).stackIds);
  return declared.map(map =>
    withStackIds(
      { ...map.definition, ...inferView(map, context), entries: listedEntries(map, btf) },
      stackIds,
    ),
  );
}

function rootIds(
  programs: readonly FoundProgram[],
  maps: readonly DeclaredMap[],
  variables: readonly Variable[],
): Record<string, BtfTypeId> {
  const ids: Record<string, BtfTypeId> = Object.create(null);
  for (const variable of variables) ids[variable.name] = variable.id;
  for (const map of maps) ids[map.definition.name] = map.btfId;
  for (const { program, btfId } of programs) if (btfId !== null) ids[program.name] = btfId;
  return ids;
}
