import path from 'node:path';
import { alternatives } from '../../shared/object/alternatives';
import type { BpfObject, MapDefinition, MapView, Program } from '../../shared/object/model';
import { readObject } from '../../shared/object/object';
import { panelsOf } from '../../shared/object/panels';
import { EXIT } from '../print/exit';
import { printJson } from '../print/json';
import { tableRows } from '../print/table';
import { print } from '../print/terminal';
import { readInputFile } from '../workplace/input-file';

/** `bpfw inspect FILE.o`: prints the object's programs, maps and types; loads nothing. */
export async function inspectCommand(file: string, options: { readonly json?: boolean }): Promise<void> {
  const object = readObject(await readInputFile(file), path.basename(file));
  process.exitCode = EXIT.done;
  const instead = alternativesByName(object);
  if (options.json) {
    printJson({
      type: 'object',
      name: object.name,
      license: object.license,
      programs: object.programs.map(({ sourceLines, ...program }) => ({
        ...program,
        alternativeTo: instead.get(program.name) ?? null,
      })),
      maps: object.maps.map(({ entries: _listed, ...map }) => map),
      parameters: object.parameters,
      globals: object.globals,
      usesPrintk: object.usesPrintk,
      panels: panelsOf(object),
    });
    return;
  }
  print(sections(object, instead));
}

/** Of each program that has a better one for the same numbers: the best one's name. */
function alternativesByName(object: BpfObject): ReadonlyMap<string, string> {
  return new Map(
    alternatives(object.programs).flatMap(([best, ...others]) =>
      others
        .flatMap(({ programs }) => programs)
        .map(({ name }) => [name, best?.programs[0]?.name ?? ''] as const),
    ),
  );
}

function sections(object: BpfObject, instead: ReadonlyMap<string, string>): string[] {
  const parts = [
    `${object.name}: license ${object.license ?? 'none'}, panels ${panelsOf(object).join(', ') || 'none'}`,
    '',
    ...tableRows(
      ['PROGRAM', 'SECTION', 'INSTRUCTIONS', 'LOADED'],
      object.programs.map(program => [
        program.name,
        program.section,
        String(program.instructionCount),
        loadedWhen(program, instead.get(program.name)),
      ]),
    ),
    '',
    ...tableRows(
      ['MAP', 'TYPE', 'ENTRIES', 'SHOWN AS'],
      object.maps.map(map => [map.name, map.typeName, entriesText(map), viewText(map.view)]),
    ),
  ];
  if (object.parameters.length > 0) {
    parts.push(
      '',
      ...tableRows(
        ['PARAMETER', 'LABEL', 'DEFAULT', 'UNIT'],
        object.parameters.map(parameter => [
          parameter.name,
          parameter.label,
          parameter.defaultValue,
          parameter.unit,
        ]),
      ),
    );
  }
  return parts;
}

function loadedWhen({ choice, autoload }: Program, instead: string | undefined): string {
  if (choice) return `choice ${choice.group}:${choice.rank}`;
  if (!autoload) return 'when selected';
  return instead === undefined ? 'always' : `unless ${instead} is, which counts the same`;
}

function entriesText({ maxEntries, assumed }: MapDefinition): string {
  return assumed?.maxEntries === undefined ? String(maxEntries) : `${maxEntries} (not in the object)`;
}

function viewText(view: MapView): string {
  switch (view.kind) {
    case 'events':
      return view.record ? `events of ${view.record.typeName}` : 'events of unknown type';
    case 'histogram':
      return `${view.scale} histogram${view.unit ? ` in ${view.unit}` : ''}${view.key ? ' per key' : ''}${inKeyText(view)}${view.conventionAssumed ? `, slots assumed as ${view.convention}` : ''}`;
    case 'internal':
      return `not shown: ${view.why}`;
    case 'drops':
      return 'lost records';
    default:
      return view.kind;
  }
}

/** Why entries of a hash are slots, and what is assumed about them. */
function inKeyText({
  inKey,
  convention,
  conventionAssumed,
}: Extract<MapView, { kind: 'histogram' }>): string {
  if (!inKey) return '';
  const assumed = conventionAssumed ? `; assumed: counted as ${convention} does` : '';
  const sum = inKey.sum === null ? '' : `; slot ${inKey.sum} is the sum of the values`;
  return ` (the key ends in a slot that the program computes${sum}${assumed})`;
}
