/** CodeLens: above each program its attach point, above each map how it will be shown. */
import type { CodeLens } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { parseSection } from '../../shared/bpf/section-kinds';
import type { Analysis } from '../analysis/analysis';
import { missingTarget } from '../checks/attach-targets';
import { summarizeMap } from './map-summary';
import { rangeOf } from './places';

/** `attachCommand`: the client's command that compiles and attaches the file; '' if it has none. */
export function codeLenses(analysis: Analysis, document: TextDocument, attachCommand: string): CodeLens[] {
  const lenses: CodeLens[] = [];
  const { source, kernel } = analysis;
  const [first] = source.programs;
  if (first && attachCommand !== '')
    lenses.push({
      range: rangeOf(document, first.section.span),
      command: { title: '▶ Compile and Attach', command: attachCommand },
    });
  for (const { section } of source.programs) {
    const parsed = parseSection(section.name);
    if (!parsed?.target || !kernel) continue;
    const missing = missingTarget(parsed.kind, parsed.target, kernel);
    const signature =
      parsed.kind.target === 'function'
        ? kernel.types.signature(parsed.target.replace(/\+.*$/, ''))
        : parsed.kind.target === 'raw-tracepoint'
          ? kernel.types.tracepointSignature(parsed.target)
          : null;
    const title = missing
      ? `${parsed.target}: ${kernel.types.hasFunction(parsed.target) ? 'cannot be traced' : `not in ${kernel.isRunning ? 'this' : 'the target'} kernel`}`
      : signature
        ? `${signature.name}(${signature.parameters.map(one => one.text).join(', ')})`
        : null;
    if (title !== null)
      lenses.push({ range: rangeOf(document, section.span), command: { title, command: '' } });
  }
  kernel?.forgetSymbols();
  for (const map of source.model.maps) {
    const { kind } = summarizeMap(map, analysis.types).role;
    if (kind !== 'internal' && kind !== 'drops')
      lenses.push({
        range: rangeOf(document, map.nameSpan),
        command: { title: `shown as ${kind}`, command: '' },
      });
  }
  return lenses;
}
