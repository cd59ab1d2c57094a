/** vmlinux.h holds every type of the kernel; a system header that declares some of them again does not compile beside it. */
import path from 'node:path';
import { type Check, replaceFix } from './problem';

export const mixedHeaders: Check = function* ({ source, headers, kernel }) {
  if (!kernel) return;
  if (!source.includes(/(^|\/)vmlinux\.h$/)) return;
  for (const include of source.model.includes) {
    if (!include.angled || path.basename(include.name) === 'vmlinux.h' || include.name.startsWith('bpf/'))
      continue;
    const clash = headers.clash(include.name, (kind, name) => kernel.types.find(kind, name) !== null);
    if (clash === null) continue;
    const lineEnd = source.text.indexOf('\n', include.span.end);
    const line = { start: include.span.start, end: lineEnd < 0 ? source.text.length : lineEnd + 1 };
    yield {
      code: 'mixed-headers',
      severity: 'warning',
      span: include.span,
      message: `<${include.name}> declares ${clash}, and so does vmlinux.h: the two clash. vmlinux.h has the kernel's types already; only macros are missing from it, and those you #define yourself.`,
      fixes: [replaceFix(`Remove the #include of <${include.name}>`, line, '', true)],
    };
  }
};
