/** Documentation of functions and macros that programs call: for hover, and for the selected completion item. */
import type { CompletionItem } from 'vscode-languageserver/node';
import { whyNotAttachedThere } from '../../shared/bpf/attach-helpers';
import type { ParsedSection } from '../../shared/bpf/section-kinds';
import type { Analysis } from '../analysis/analysis';
import { helperPrototype } from '../helpers/helper-defs';
import { isWithheld } from '../helpers/helper-programs';
import { gplOnlyHelper, whyNotCallable } from '../helpers/helper-rules';
import { kfuncAdvice } from '../helpers/kfunc-rules';
import { LIBBPF_MACROS } from '../helpers/libbpf-macros';
import type { KernelSignature } from '../kernel/kernel-types';
import { kfuncRelease } from '../kernel/kfunc-history';
import { macroDocumentation } from './header-docs';

/** Markdown; null if libbpf's headers lack the helper. `programs`: those that run the code. */
export function helperText(
  analysis: Analysis,
  name: string,
  programs: readonly ParsedSection[],
): string | null {
  const helper = analysis.helpers.get(name);
  if (!helper) return null;
  const types = analysis.kernel?.types;
  const notes = new Set<string>();
  if (gplOnlyHelper(name)) notes.add('For GPL-compatible programs only.');
  if (types?.hasHelper(name) === false) notes.add('**The target kernel does not have it.**');
  for (const program of programs) {
    const { kind, target } = program;
    const why = whyNotCallable(name, kind);
    const whyNotThere = whyNotAttachedThere(name, program);
    if (why) notes.add(`**Not for SEC("${kind.name}")**: ${why}.`);
    else if (whyNotThere)
      notes.add(`**Not for SEC("${kind.name}${target ? `/${target}` : ''}")**: ${whyNotThere}.`);
    else if (types && isWithheld(name, kind, types))
      notes.add(`**Not for SEC("${kind.name}")** on the target kernel.`);
  }
  return `\`\`\`c\n${helperPrototype(helper)}\n\`\`\`\n${[...notes].map(note => `${note}\n\n`).join('')}${helper.documentation}`;
}

/** A kernel function; null if the target kernel has none of that name. */
export function kernelFunctionText(analysis: Analysis, name: string): string | null {
  const signature = analysis.kernel?.types.signature(name);
  if (!signature) return null;
  return kfuncText(analysis, name) ?? signatureText(signature);
}

/** A kfunc of the target kernel, from its BTF; null for any other function. */
export function kfuncText(analysis: Analysis, name: string): string | null {
  const types = analysis.kernel?.types;
  const signature = types?.kfuncs.includes(name) ? types.signature(name) : null;
  if (!types || !signature) return null;
  const { description, families, sleepable } = kfuncAdvice(name, types);
  const release = kfuncRelease(name);
  const notes = [
    `Kernel function for BPF programs (kfunc)${release === null ? '' : `, since ${release}`}: declare it \`extern … __ksym;\`.`,
    ...(families === null || families.length === 0 ? [] : [`For ${families.join(', ')} programs.`]),
    ...(sleepable ? ['Only for programs that may sleep (`SEC("….s/…")`).'] : []),
  ];
  return `${signatureText(signature)}\n\n${notes.join(' ')}\n\n${description}`;
}

export function libbpfMacroText(name: string): string | null {
  const macro = LIBBPF_MACROS.find(one => one.name === name);
  if (!macro) return null;
  const gpl = gplOnlyHelper(name);
  return `\`\`\`c\n${name}(${macro.parameters.join(', ')})\n\`\`\`\n${macro.description}${gpl ? `\n\nCalls \`${gpl}()\`, for GPL-compatible programs only.` : ''}`;
}

/** A macro of the file or its headers, with the comment at it. */
export function ownMacroText(analysis: Analysis, name: string): string | null {
  const { source } = analysis;
  for (const header of [{ text: source.text, model: source.model }, ...source.headers]) {
    const macro = header.model.macros.get(name);
    if (macro) return macroDocumentation(header, macro);
  }
  return null;
}

export function signatureText(signature: KernelSignature): string {
  const one = `${signature.returnType}${signature.returnType.endsWith('*') ? '' : ' '}${signature.name}(${signature.parameters.map(parameter => parameter.text).join(', ') || 'void'})`;
  return `\`\`\`c\n${one}\n\`\`\``;
}

/** The kind of a completion item, whose documentation is loaded only when it is selected. */
export type Documented = 'helper' | 'kfunc' | 'libbpf-macro' | 'macro';

/** The item with its documentation. `analysis`: of the text for which the list was made. */
export function withDocumentation(analysis: Analysis, item: CompletionItem): CompletionItem {
  const texts: Readonly<Record<Documented, (name: string) => string | null>> = {
    helper: name => helperText(analysis, name, []),
    kfunc: name => kernelFunctionText(analysis, name),
    'libbpf-macro': libbpfMacroText,
    macro: name => ownMacroText(analysis, name),
  };
  const value = isDocumented(item.data) ? texts[item.data](item.label) : null;
  return value === null ? item : { ...item, documentation: { kind: 'markdown', value } };
}

function isDocumented(data: unknown): data is Documented {
  return data === 'helper' || data === 'kfunc' || data === 'libbpf-macro' || data === 'macro';
}
