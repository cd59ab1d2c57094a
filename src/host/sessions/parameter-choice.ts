/** Which values a program starts with, and whether somebody must be asked first. No `vscode`. */
import { encodeParameter } from '../../session/parameter-values';
import type { BpfObject, Parameter } from '../../shared/object/model';

/** Why `text` is no value of the parameter, or null: the encoder itself decides. */
export function refusal(parameter: Parameter, text: string): string | null {
  try {
    encodeParameter(parameter, text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Every parameter's value by C name: the remembered one where it still fits, else the program's own default. */
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

/** The values that are not the default: all a session needs to be told. */
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
 * True when the object has programs whose target a parameter names (BPFW_TARGET), and these values name the target of
 * none: attaching would do nothing, so the person must be asked. Programs in files need the file's name as well.
 */
export function mustAsk(
  object: Pick<BpfObject, 'programs' | 'parameters'>,
  values: ReadonlyMap<string, string>,
): boolean {
  const said = (name: string | undefined) => name !== undefined && (values.get(name) ?? '').trim() !== '';
  const file = object.parameters.find(parameter => parameter.role === 'path')?.name;
  const targeted = object.programs.filter(program => program.targetParameter !== null);
  return (
    targeted.length > 0 &&
    targeted.every(
      ({ attachPoint, targetParameter }) =>
        !said(targetParameter ?? undefined) ||
        (/^(u(ret)?probe|usdt)$/.test(attachPoint.kind) && !said(file)),
    )
  );
}
