/** The values a program starts with, and whether the user must be asked first. No `vscode`. */
import { encodeParameter } from '../../session/tracing/parameter-values';
import type { BpfObject, Parameter } from '../../shared/object/model';

/** Why `text` is not a valid value of the parameter, or null; decided by the encoder. */
export function refusal(parameter: Parameter, text: string): string | null {
  try {
    encodeParameter(parameter, text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Every parameter's value by C name: the last one if it is still valid, else the program's default. */
export function startingValues(
  parameters: readonly Parameter[],
  remembered: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map(
    parameters.map(parameter => {
      const before = remembered.get(parameter.name);
      const fits = before !== undefined && refusal(parameter, before) === null;
      return [parameter.name, fits ? before : parameter.defaultValue];
    }),
  );
}

/** The values that differ from the default, which are all a session needs. */
export function changedValues(
  parameters: readonly Parameter[],
  values: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map(
    parameters.flatMap(({ name, defaultValue }) => {
      const value = values.get(name) ?? defaultValue;
      return value === defaultValue ? [] : [[name, value] as const];
    }),
  );
}

/**
 * The parameters without which attaching would have no effect: the object has programs whose target is a parameter
 * (BPFW_TARGET), and the values name no target for any of them. Programs that attach to files need the file's name too.
 * Empty if nothing must be asked.
 */
export function missingTargets(
  object: Pick<BpfObject, 'programs' | 'parameters'>,
  values: ReadonlyMap<string, string>,
): string[] {
  const isLacking = (name: string) => (values.get(name) ?? '').trim() === '';
  const file = object.parameters.find(parameter => parameter.role === 'path')?.name;
  const lackingOf = object.programs.flatMap(({ attachPoint, targetParameter }) => {
    if (targetParameter === null) return [];
    const inFile = /^(u(ret)?probe|usdt)$/.test(attachPoint.kind);
    const needed = inFile && file !== undefined ? [targetParameter, file] : [targetParameter];
    return [needed.filter(isLacking)];
  });
  return lackingOf.every(lacking => lacking.length > 0) ? [...new Set(lackingOf.flat())] : [];
}

/**
 * True if the program requires one of its parameters (BPFW_ASK) and all of those have their default: the user is asked,
 * and may still choose the default.
 */
export function wantsChoice(parameters: readonly Parameter[], values: ReadonlyMap<string, string>): boolean {
  const wanted = parameters.filter(parameter => parameter.ask);
  return (
    wanted.length > 0 &&
    wanted.every(({ name, defaultValue }) => (values.get(name) ?? defaultValue) === defaultValue)
  );
}

/** Error messages for the values, by parameter; empty if they are valid. */
export function problemsOf(
  object: Pick<BpfObject, 'programs' | 'parameters'>,
  values: ReadonlyMap<string, string>,
): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const name of missingTargets(object, values))
    problems[name] = 'Required: it sets where the program attaches.';
  for (const parameter of object.parameters) {
    const refused = refusal(parameter, values.get(parameter.name) ?? parameter.defaultValue);
    if (refused !== null) problems[parameter.name] = refused;
  }
  return problems;
}
