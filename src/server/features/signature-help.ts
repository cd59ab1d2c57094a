/** Signature help: the parameters of the helper, macro or function whose parentheses are open. */
import type { SignatureHelp } from 'vscode-languageserver/node';
import { parseSection } from '../../shared/bpf/section-kinds';
import type { Analysis } from '../analysis/analysis';
import { helperPrototype } from '../helpers/helper-defs';
import { LIBBPF_MACROS } from '../helpers/libbpf-macros';
import { parametersOfSyscall } from '../helpers/syscall-signatures';
import { enclosingCall } from '../source/cursor';
import { PROGRAM_MACROS } from '../source/read-source';

export function signatureHelp(analysis: Analysis, offset: number): SignatureHelp | null {
  const call = enclosingCall(analysis.source.lexed.tokens, offset);
  if (!call) return null;
  const found = describe(analysis, call.name, offset);
  if (!found) return null;
  const last = found.parameters.length - 1;
  const isVariadic = found.parameters[last] === '...';
  return {
    activeSignature: 0,
    activeParameter: isVariadic ? Math.min(call.argument, last) : call.argument,
    signatures: [
      {
        label: `${found.head}(${found.parameters.join(', ')})`,
        parameters: offsetsOf(found.head, found.parameters).map(label => ({ label })),
        ...(found.documentation
          ? { documentation: { kind: 'markdown' as const, value: found.documentation } }
          : {}),
      },
    ],
  };
}

/** Where each parameter is in the label: names may repeat, so offsets are used. */
function offsetsOf(head: string, parameters: readonly string[]): [number, number][] {
  let at = head.length + 1;
  return parameters.map(parameter => {
    const start = at;
    at += parameter.length + 2;
    return [start, start + parameter.length];
  });
}

interface Described {
  readonly head: string;
  readonly parameters: readonly string[];
  readonly documentation: string;
}

function describe(analysis: Analysis, name: string, offset: number): Described | null {
  const helper = analysis.helpers.get(name);
  if (helper) {
    const prototype = helperPrototype(helper);
    return {
      head: prototype.slice(0, prototype.indexOf('(')),
      parameters: helper.parameters,
      documentation: helper.documentation,
    };
  }
  const macro = LIBBPF_MACROS.find(one => one.name === name);
  if (macro) return { head: name, parameters: macro.parameters, documentation: macro.description };
  if (PROGRAM_MACROS.has(name)) return programMacro(analysis, name, offset);
  const own = analysis.source.function(name);
  if (own)
    return {
      head: `${own.returnType} ${name}`,
      parameters: own.parameters.map(one =>
        analysis.types.write({ from: 'source', type: one.type }, one.name),
      ),
      documentation: '',
    };
  const defined = analysis.source.macro(name);
  if (defined?.parameters) return { head: name, parameters: defined.parameters, documentation: '' };
  const kernel = analysis.kernel?.types;
  const signature = kernel?.kfuncs.includes(name) ? kernel.signature(name) : null;
  if (!signature) return null;
  return {
    head: `${signature.returnType} ${name}`,
    parameters: signature.parameters.map(one => one.text),
    documentation: '',
  };
}

/** BPF_PROG(name, ...) with the arguments of the attach point in the section before it. */
function programMacro(analysis: Analysis, name: string, offset: number): Described | null {
  const section = analysis.source.model.sections.filter(one => one.span.end <= offset).at(-1);
  const parsed = section ? parseSection(section.name) : null;
  const types = analysis.kernel?.types;
  if (parsed?.kind.target === 'syscall' && parsed.target) {
    const isReturn = parsed.kind.name === 'kretsyscall';
    const list = isReturn ? ['long ret'] : (parametersOfSyscall(types ?? null, parsed.target) ?? ['...']);
    return { head: name, parameters: ['name', ...list], documentation: `SEC("${section?.name}")` };
  }
  if (!parsed?.target || !types) return { head: name, parameters: ['name', '...'], documentation: '' };
  const signature =
    parsed.kind.target === 'raw-tracepoint'
      ? types.tracepointSignature(parsed.target)
      : types.signature(
          parsed.kind.target === 'lsm-hook' ? `bpf_lsm_${parsed.target}` : parsed.target.replace(/\+.*$/, ''),
        );
  const result = signature && !signature.returnsNothing ? [`${signature.returnType} ret`] : [];
  const list = signature?.parameters.map(one => one.text) ?? ['...'];
  const parameters = /^BPF_U?K?RETPROBE$/.test(name)
    ? result
    : parsed.kind.name.startsWith('fexit')
      ? [...list, ...result]
      : list;
  return { head: name, parameters: ['name', ...parameters], documentation: `SEC("${section?.name}")` };
}
