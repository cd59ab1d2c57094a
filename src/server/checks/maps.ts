/** Map definitions: sizes that the kernel rejects, unless libbpf fixes them. */
import { fieldOf } from '../source/model';
import { type Check, replaceFix } from './problem';

/**
 * The kernel requires a power of two pages (kernel/bpf/ringbuf.c, ringbuf_map_alloc()); 4096 is the smallest page there is.
 * libbpf 0.8 and newer rounds up (adjust_ringbuf_sz() of tools/lib/bpf/libbpf.c), so that the program works all the same.
 */
const PAGE_BYTES = 4096n;

export const ringBufferSize: Check = function* ({ source, types }) {
  for (const map of source.model.maps) {
    if (!/^BPF_MAP_TYPE_(USER_)?RINGBUF$/.test(fieldOf(map, 'type')?.value ?? '')) continue;
    const size = fieldOf(map, 'max_entries');
    if (!size) continue;
    const bytes = types.evaluate(size.value);
    // 0 is set at run time, before load.
    if (bytes === null || bytes === 0n) continue;
    if (bytes > 0n && (bytes & (bytes - 1n)) === 0n && bytes % PAGE_BYTES === 0n) continue;
    let next = PAGE_BYTES;
    while (next < bytes) next <<= 1n;
    const text =
      next >= 1n << 20n && next % (1n << 20n) === 0n
        ? `${next >> 20n} * 1024 * 1024`
        : `${next >> 10n} * 1024`;
    yield {
      code: 'ringbuf-size',
      severity: 'warning',
      span: size.valueSpan,
      message: `A ring buffer's size must be a power of two and whole pages; ${bytes} is not. libbpf 0.8 and newer makes it ${next}; without that the kernel refuses the map with EINVAL.`,
      fixes: [replaceFix(`Change to ${text}`, size.valueSpan, text, true)],
    };
  }
};
