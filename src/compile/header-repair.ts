import type { Btf } from '../shared/btf/btf-model';
import type { CompileDiagnostic } from './diagnostics';
import { vmlinuxNames } from './vmlinux-names';
import type { TypeNeeds } from './vmlinux-reduce';

/** What a failed compile with a reduced header shows about the header. */
export type Repair =
  /** The program needs other types than its tokens suggest; try again with these. */
  | { readonly kind: 'retry'; readonly needs: TypeNeeds }
  /** Another header would not help: the errors are the program's own. */
  | { readonly kind: 'hopeless' }
  /** Unclear: only the full header can tell. */
  | { readonly kind: 'full' };

const UNKNOWN = /(?:undeclared identifier|unknown type name) '([^']+)'/;
const INCOMPLETE = /incomplete/;
const REDEFINED =
  /redefinition of (?:enumerator )?'([^']+)'|^typedef redefinition|use of '([^']+)' with tag type/;
/** Errors that do not depend on which kernel types are declared. */
const OWN_ERRORS =
  /^(?:expected |no member named |call to undeclared function|extraneous |unterminated |too many errors|'.*' file not found|invalid preprocessing|unknown argument)/;

/** Derives the types that are needed from clang's errors. `sourceLine` returns the text of a line, for errors without a name. */
export function repairNeeds(
  btf: Btf,
  needs: TypeNeeds,
  diagnostics: readonly CompileDiagnostic[],
  sourceLine: (file: string, line: number) => string,
): Repair {
  const names = vmlinuxNames(btf);
  const wanted = new Set(needs.names);
  const takenTags = new Set(needs.takenTags);
  const takenNames = new Set(needs.takenNames);
  let progress = false;
  let unclear = false;
  const want = (name: string): void => {
    const missing = !wanted.has(name) || takenTags.has(name) || takenNames.has(name);
    wanted.add(name);
    takenTags.delete(name);
    takenNames.delete(name);
    progress ||= missing;
    unclear ||= !missing;
  };

  for (const { severity, message, file, line, column } of diagnostics) {
    if (severity !== 'error') continue;
    const unknown = UNKNOWN.exec(message)?.[1];
    const redefined = REDEFINED.exec(message);
    if (unknown !== undefined) {
      if (names.has(unknown)) want(unknown);
    } else if (INCOMPLETE.test(message)) {
      const tags = [...message.matchAll(/\b(?:struct|union|enum) (\w+)/g)].map(match => match[1] ?? '');
      const known = tags.filter(tag => names.tags(tag).length > 0);
      for (const tag of known) want(tag);
      unclear ||= tags.length === 0;
    } else if (redefined) {
      const name = redefined[1] ?? redefined[2] ?? identifierAt(sourceLine(file, line), column);
      const taken = names.tags(name).length > 0 ? takenTags : takenNames;
      progress ||= !taken.has(name);
      taken.add(name);
      // A tag and a typedef may have the same name.
      if (names.typedefs(name).length + names.enumerators(name).length > 0) takenNames.add(name);
    } else if (!OWN_ERRORS.test(message)) unclear = true;
  }
  if (progress) return { kind: 'retry', needs: { ...needs, names: wanted, takenTags, takenNames } };
  return { kind: unclear ? 'full' : 'hopeless' };
}

/** The identifier at a 1-based byte column. */
function identifierAt(line: string, column: number): string {
  const rest = Buffer.from(line, 'utf8')
    .subarray(column - 1)
    .toString('utf8');
  return /^\w+/.exec(rest)?.[0] ?? '';
}
