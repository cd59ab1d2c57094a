/** Hover: describes the name under the pointer, from the file, the kernel and libbpf's headers. */
import type { Hover } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { findSectionKind, parseSection, type SectionKind } from '../../shared/bpf/section-kinds';
import type { Token } from '../../shared/c/lexer';
import { findUserBinary } from '../../system/user-binaries';
import type { Analysis } from '../analysis/analysis';
import { missingTarget } from '../checks/attach-targets';
import { PROGRAM_MACRO_TEXT } from '../helpers/libbpf-macros';
import { MAP_FIELD_KINDS, MAP_KINDS } from '../helpers/map-kinds';
import { parametersOfSyscall } from '../helpers/syscall-signatures';
import { layoutRows } from '../kernel/btf-c';
import { kernelOperations } from '../kernel/struct-ops';
import { readUserBinary } from '../kernel/user-binary';
import { isMapField } from '../source/attributes';
import { enclosingCall } from '../source/cursor';
import type { Aggregate } from '../source/model';
import { Scope } from '../source/scope';
import type { CType, Types } from '../source/types';
import { helperText, kernelFunctionText, kfuncText, libbpfMacroText, signatureText } from './call-docs';
import { commentAt, macroDocumentation } from './header-docs';
import { summarizeMap } from './map-summary';
import { rangeOf } from './places';
import { tracepointContext } from './program-skeleton';

const LAYOUT_ROWS = 60;

/** Null if nothing is known about the name. */
export function hover(analysis: Analysis, document: TextDocument, offset: number): Hover | null {
  const { tokens } = analysis.source.lexed;
  const index = tokens.findIndex(token => token.start <= offset && offset < token.end);
  const token = tokens[index];
  if (!token) return null;
  const value =
    token.kind === 'text' && tokens[index - 2]?.text === 'SEC'
      ? sectionText(analysis, token.text.replace(/^"|"$/g, ''))
      : token.kind === 'name'
        ? nameText(analysis, tokens, index, token)
        : null;
  if (value === null) return null;
  return { contents: { kind: 'markdown', value }, range: rangeOf(document, token) };
}

function nameText(analysis: Analysis, tokens: readonly Token[], index: number, token: Token): string | null {
  const { source, types, kernel } = analysis;
  const name = token.text;
  const before = tokens[index - 1]?.text;
  const owner = source.definitionAt(token.start);
  const scope = new Scope(types, owner, token.start);

  const call = enclosingCall(tokens, token.start);
  const chained = before === '->' ? undefined : scope.chainAt(tokens, call, index);
  if (chained !== undefined) return chained && memberText(analysis, chained, name);
  if (before === '->' || before === '.') {
    const isDesignator = before === '.' && /^[{,]$/.test(tokens[index - 2]?.text ?? '');
    const type = isDesignator
      ? scope.initialisedAt(tokens, index - 1)
      : scope.typeEndingAt(tokens, index - 1);
    return type ? memberText(analysis, type, name) : null;
  }
  if (before === 'struct' || before === 'union') return aggregateText(analysis, before, name);
  if (call && isMapField(call.name)) {
    const field = call.argument === 0 ? MAP_FIELD_KINDS.find(one => one.name === name) : undefined;
    if (field) return `\`${field.macro}(${field.name}, …)\`\n\n${field.description}`;
    const kind = MAP_KINDS.find(one => one.name === name);
    if (kind) return `**${kind.name}**\n\n${kind.description}`;
  }
  const map = source.map(name);
  if (map) {
    const { type, key, value, maxEntries, text } = summarizeMap(map, types);
    const rows = [`map ${name}: ${type}`];
    if (key !== null) rows.push(`  key    ${key}${bytes(types.sizeOfText(key))}`);
    if (value !== null) rows.push(`  value  ${value}${bytes(types.sizeOfText(value))}`);
    if (maxEntries !== null) {
      const number = types.evaluate(maxEntries);
      rows.push(
        `  ${type.endsWith('ringbuf') ? 'bytes' : 'entries'}  ${maxEntries}${number !== null && String(number) !== maxEntries ? ` = ${number}` : ''}`,
      );
    }
    return `\`\`\`c\n${rows.join('\n')}\n\`\`\`\n${text}`;
  }
  const helper = analysis.helpers.get(name);
  if (helper) return helperText(analysis, name, analysis.programsAt(token.start));
  const program = source.programs.find(one => one.name === name && one.nameSpan.start === token.start);
  if (program) return sectionText(analysis, program.section.name);
  if (PROGRAM_MACRO_TEXT[name] !== undefined) return `**${name}**\n\n${PROGRAM_MACRO_TEXT[name]}`;
  const libbpf = libbpfMacroText(name);
  if (libbpf !== null) return libbpf;
  const local = [...scope.localNames].find(one => one.name === name);
  if (local) return `\`\`\`c\n${types.write({ from: 'source', type: local.type }, name)}\n\`\`\``;
  const variable = source.variable(name);
  if (variable) {
    const tags = variable.tags.map(
      tag => `${tag.macro.replace('BPFW_', '').toLowerCase()}: ${tag.arguments.join(' … ')}`,
    );
    const role = variable.isParameter
      ? '\n\nA parameter: people can set it before the program is loaded.'
      : '';
    return `\`\`\`c\n${types.write({ from: 'source', type: variable.type }, name)}\n\`\`\`${role}${tags.length > 0 ? `\n\n${tags.join(' · ')}` : ''}`;
  }
  const own = source.enumeratorOwner(name);
  if (own)
    return `\`\`\`c\n${name} = ${source.enumerator(name)?.value ?? own.written}\n\`\`\`${own.tag === '' ? '' : `\nenum ${own.tag}`}`;
  for (const header of [{ text: source.text, model: source.model }, ...source.headers]) {
    const macro = header.model.macros.get(name);
    if (macro) return macroDocumentation(header, macro);
    const written = header.model.functions.find(one => one.name === name);
    if (written) {
      // A declaration of something the kernel has: the kernel's own definition has more.
      const kfunc = written.bodySpan ? null : kfuncText(analysis, name);
      if (kfunc !== null) return kfunc;
      const list = written.parameters
        .map(one => types.write({ from: 'source', type: one.type }, one.name))
        .join(', ');
      return `\`\`\`c\n${written.returnType}${written.returnType.endsWith('*') ? '' : ' '}${name}(${list || 'void'})\n\`\`\`\n${commentAt(header.text, written.span)}`;
    }
    const typedef = header.model.typedefs.get(name);
    if (typedef)
      return `\`\`\`c\ntypedef ${types.write({ from: 'source', type: typedef.type }, name)};\n\`\`\`\n${commentAt(header.text, typedef.span)}`;
  }
  if (!kernel) return null;
  if (tokens[index + 1]?.text === '(') {
    const text = kernelFunctionText(analysis, name);
    if (text !== null) return text;
  }
  const enumerator = kernel.types.enumerator(name);
  if (enumerator) {
    const of = kernel.types.btf.name(enumerator.id);
    return `\`\`\`c\n${name} = ${enumerator.value}\n\`\`\`\n${of ? `enum ${of}` : 'an enumerator'} of the target kernel`;
  }
  const typedef = kernel.types.find('typedef', name);
  if (typedef !== null) {
    const size = kernel.types.btf.sizeOf(typedef);
    const type = kernel.types.btf.type(typedef);
    return type.kind === 'typedef'
      ? `\`\`\`c\ntypedef ${types.write({ from: 'kernel', id: type.type }, name)};\n\`\`\`${size > 0 ? `\n${size} bytes` : ''}`
      : null;
  }
  return null;
}

const bytes = (size: number | null) => (size === null ? '' : `  /* ${size} bytes */`);

function memberText(analysis: Analysis, type: CType, name: string): string | null {
  const member = analysis.types.member(type, name);
  if (!member) return null;
  const at =
    member.offset === null
      ? ''
      : `offset ${member.offset} of \`${analysis.types.write(type).replace(/[\s*]+$/, '')}\``;
  return `\`\`\`c\n${member.text}\n\`\`\`\n${at}`;
}

/** Members of a struct of the file with offset and size, those of structs without a tag indented below. */
function ownRows(types: Types, aggregate: Aggregate, base: number | null, depth: number): string[] {
  const layout = types.layout(aggregate);
  const indent = '\t'.repeat(depth);
  return aggregate.members.flatMap((member, index) => {
    const within = layout?.offsets[index] ?? null;
    const offset = base === null || within === null ? null : base + within;
    const place = `/* ${offset ?? '?'}, ${types.sizeOf(member.type) ?? '?'} */`;
    const { inline } = member.type;
    if (inline?.name === '' && inline.kind !== 'enum') {
      const behind = types.write({ from: 'source', type: { ...member.type, name: '' } }, member.name);
      return [
        `${indent}${`${inline.kind} {`.padEnd(40)} ${place}`,
        ...ownRows(types, inline, offset, depth + 1),
        `${indent}}${behind ? ` ${behind}` : ''};`,
      ];
    }
    const bits = member.bits === null ? '' : ` : ${member.bits}`;
    const text = types.write({ from: 'source', type: member.type }, member.name);
    return [`${indent}${`${text}${bits};`.padEnd(40)} ${place}`];
  });
}

/** A struct with offsets and sizes: this file's, else the kernel's. */
function aggregateText(analysis: Analysis, kind: 'struct' | 'union', name: string): string | null {
  const { source, types, kernel } = analysis;
  const own = source.aggregate(kind, name);
  if (own) {
    const size = types.layout(own)?.size;
    const rows = ownRows(types, own, 0, 1);
    return `\`\`\`c\n${kind} ${name} {${size === undefined ? '' : ` /* ${size} bytes; offset, size */`}\n${rows.join('\n')}\n};\n\`\`\``;
  }
  const id = kernel?.types.findAggregate(kind, name) ?? null;
  if (id === null || !kernel) return null;
  const { btf } = kernel.types;
  const { rows, more } = layoutRows(btf, id, LAYOUT_ROWS);
  const lines = rows.map(row => {
    const indent = '\t'.repeat(row.depth + 1);
    return row.offset === null
      ? indent + row.text
      : `${indent}${row.text.padEnd(40)} /* ${row.offset}, ${row.size} */`;
  });
  if (more > 0) lines.push(`\t/* … ${more} more */`);
  return `\`\`\`c\n${kind} ${btf.name(id)} { /* ${btf.sizeOf(id)} bytes; offset, size */\n${lines.join('\n')}\n};\n\`\`\``;
}

/** A section: its kind, its attach point, and whether the target kernel has it. */
export function sectionText(analysis: Analysis, name: string): string | null {
  const parsed = parseSection(name);
  if (!parsed) return null;
  const { kind, target, optional } = parsed;
  const parts = [`**${kind.name}** — ${findSectionKind(kind.name)?.description ?? ''}`];
  if (optional) parts.push('`?`: loaded only when chosen, so that its target may be missing.');
  if (target) parts.push(...targetText(analysis, kind, target));
  return parts.join('\n\n');
}

function targetText(analysis: Analysis, kind: SectionKind, target: string): string[] {
  const { kernel } = analysis;
  if (kind.target === 'user-function' || kind.target === 'usdt') return [userTargetText(kind, target)];
  if (!kernel) return ['No kernel type information was found on this machine.'];
  const parts: string[] = [];
  const { types } = kernel;
  if (kind.target === 'function') {
    const name = target.replace(/\+.*$/, '');
    const signature = types.signature(name);
    if (signature) parts.push(signatureText(signature));
  } else if (kind.target === 'raw-tracepoint' || kind.target === 'tracepoint') {
    const name = target.replace(/^.*\//, '');
    const signature = types.tracepointSignature(name);
    if (kind.target === 'raw-tracepoint' && signature)
      parts.push(
        `\`\`\`c\nBPF_PROG(${name}${signature.parameters.map(one => `, ${one.text}`).join('')})\n\`\`\``,
      );
    if (kind.target === 'tracepoint') {
      const record = tracepointContext(types, target);
      const call = /^syscalls\/sys_enter_(\w+)$/.exec(target)?.[1];
      const parameters = call === undefined ? null : parametersOfSyscall(types, call);
      if (parameters)
        parts.push(
          `\`args\` holds, in this order: ${parameters.map(one => `\`${one}\``).join(', ') || 'nothing'}.`,
        );
      const text = aggregateText(analysis, 'struct', record);
      if (text) parts.push(text);
    }
  } else if (kind.target === 'lsm-hook') {
    const signature = types.signature(`bpf_lsm_${target}`);
    if (signature) parts.push(signatureText({ ...signature, name: target }));
  } else if (kind.target === 'syscall') {
    const parameters = parametersOfSyscall(types, target);
    if (parameters) parts.push(`\`\`\`c\nlong ${target}(${parameters.join(', ') || 'void'})\n\`\`\``);
  } else if (kind.target === 'iterator') {
    const text = aggregateText(analysis, 'struct', `bpf_iter__${target}`);
    if (text) parts.push(text);
  }
  if (kind.target === 'operation')
    for (const { table, signature } of kernelOperations(types))
      if (signature.name === target) parts.push(`${signatureText(signature)}\nin \`struct ${table}\``);
  parts.push(availability(analysis, kind, target));
  kernel.forgetSymbols();
  return parts;
}

/** The file that a user-space target resolves to on this machine, and whether it has the function or probe. */
function userTargetText(kind: SectionKind, target: string): string {
  const colon = target.indexOf(':');
  const name = colon < 0 ? target : target.slice(0, colon);
  const file = findUserBinary(name);
  if (file === null) return `There is no ${name} on this machine.`;
  const binary = readUserBinary(file);
  const wanted = target.slice(colon + 1).replace(/\+.*$/, '');
  if (!binary || colon < 0) return `\`${file}\``;
  const has = kind.target === 'usdt' ? binary.probes.includes(wanted) : binary.functions.includes(wanted);
  const what = kind.target === 'usdt' ? 'static probe' : 'function';
  const imported = has || kind.target === 'usdt' ? null : binary.imported(wanted);
  if (imported !== null) return `⚠ \`${file}\`: ${imported}.`;
  return has
    ? `\`${file}\` has this ${what}.`
    : `⚠ \`${file}\` has no ${what} ${wanted}${binary.functions.length === 0 ? ' (it has no symbols)' : ''}.`;
}

function availability(analysis: Analysis, kind: SectionKind, target: string): string {
  const { kernel } = analysis;
  if (!kernel) return '';
  if (
    ['user-function', 'user-pattern', 'usdt', 'operation', 'program-function', 'none'].includes(kind.target)
  )
    return '';
  const where = kernel.isRunning ? 'this kernel' : 'the target kernel';
  const missing = missingTarget(kind, target, kernel);
  if (missing)
    return `⚠ ${missing.message}${missing.near.length > 0 ? ` Nearest: ${missing.near.join(', ')}.` : ''}`;
  if (kind.target === 'pattern') return kernel.hasMatch(target) ? `Matches functions of ${where}.` : '';
  if (kind.target !== 'function') return `In ${where}.`;
  const name = target.replace(/\+.*$/, '');
  const traceable = kernel.isTraceable(name);
  if (traceable === true) return `In ${where}, and it can be traced.`;
  if (!kernel.types.hasFunction(name) && kernel.symbol(name) === undefined)
    return `Not in ${where}'s BTF. Functions without BTF can be probed, too, but whether ${name}() is one of them cannot be looked up from here.`;
  const suffix = /\.(isra|part|constprop|cold)/.exec(name)?.[0];
  if (suffix)
    return `In ${where}. ${suffix}: the compiler made this variant; its arguments may differ from the source's.`;
  if (traceable === false)
    return `In ${where}, but not in available_filter_functions under this name: it may be inlined, marked notrace, or listed under another name.`;
  const symbol = kernel.symbol(name);
  if (symbol)
    return `In ${where}, with code of its own. Whether it is marked notrace only root can read (available_filter_functions).`;
  return kernel.isRunning
    ? `In ${where}. Whether it is inlined or marked notrace only root can read (available_filter_functions).`
    : `In ${where}. BTF does not record whether it is inlined or marked notrace, and the kernel image is not available here.`;
}
