/** vmlinux.h defines every kernel type; a system header that redefines some of them does not compile with it. */
import path from 'node:path';
import { type Check, replaceFix } from './problem';

/** Kernel-internal headers that bcc programs include; they do not exist in user space. */
const KERNEL_ONLY =
  /^(uapi\/(linux|asm)\/\w+|net\/(sock|inet_sock|inet_connection_sock|tcp|tcp_states|ip|udp|net_namespace|route)|linux\/(blkdev|blk_types|dcache|fdtable|interrupt|kconfig|mm|mm_types|mount|ns_common|nsproxy|pid_namespace|skbuff|slab|version_check|bio|path|dentry|cred|rcupdate|list|spinlock|mutex|workqueue|netdevice))\.h$/;

export const mixedHeaders: Check = function* ({ source, headers, kernel }) {
  if (!kernel) return;
  if (!source.includes(/(^|\/)vmlinux\.h$/)) return;
  for (const include of source.model.includes) {
    if (!include.angled || path.basename(include.name) === 'vmlinux.h' || include.name.startsWith('bpf/'))
      continue;
    const clash = headers.clash(include.name, (kind, name) => kernel.types.find(kind, name) !== null);
    const isKernelOnly = KERNEL_ONLY.test(include.name) && !headers.has(include.name);
    if (clash === null && !isKernelOnly) continue;
    const lineEnd = source.text.indexOf('\n', include.span.end);
    const line = { start: include.span.start, end: lineEnd < 0 ? source.text.length : lineEnd + 1 };
    yield {
      code: 'mixed-headers',
      severity: 'warning',
      span: include.span,
      message: isKernelOnly
        ? `<${include.name}> is a header inside the kernel, which programs cannot include; vmlinux.h has its types.`
        : `<${include.name}> declares ${clash}, and so does vmlinux.h: the two clash. vmlinux.h has the kernel's types already; only macros are missing from it, and those you #define yourself.`,
      fixes: [replaceFix(`Remove the #include of <${include.name}>`, line, '', true)],
    };
  }
};
