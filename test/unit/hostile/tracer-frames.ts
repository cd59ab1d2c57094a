/** What a hostile client sends to the privileged process. Nothing here can load a program: no ELF bytes are sent. */
import { TracerRequestSchemas } from '../../../src/shared/protocol/tracer';
import {
  blobFrame,
  damagedFrame,
  damagedJson,
  dataFrame,
  rpcFrame,
  strangeJson,
  strayMessage,
} from './frames';
import { type Below, pick } from './mutate';

/** Sound parameters that nothing comes of: there is no session, no object, no such function. */
const PARAMETERS: Readonly<Partial<Record<string, unknown>>> = {
  'session/open': {
    objectBlobId: 1,
    relocationBtfBlobId: 2,
    objectName: 'x',
    programs: [
      { name: 'p', load: true, attach: { kind: 'kprobe', function: 'f', offset: 0, return: false } },
      {
        name: 'q',
        load: false,
        attach: { kind: 'uprobe', path: '/bin/sh', offset: '1', return: true, pid: 0, semaphoreOffset: '0' },
      },
    ],
    constants: [{ section: '.rodata', offset: 0, bytes: 'AAAA' }],
    maps: [{ name: 'm', maxEntries: 1 }],
    consented: [{ program: 'p', reasons: ['helper:bpf_send_signal'] }],
    companionEvents: [{ type: 1, config: '0', frequencyHz: 1, branchSampleType: '0' }],
  },
  'stream/watch': { sessionId: 1, map: 'm' },
  'stream/unwatch': { sessionId: 1, streamId: 1 },
  'map/read': { sessionId: 1, map: 'm', maxEntries: 10 },
  'session/statistics': { sessionId: 1, enable: false },
  'process/watch': { sessionId: 1, pid: 1 },
  'target/functions': { names: ['bpfw_no_such_function'] },
  'target/tracepoints': { names: [{ category: 'no', name: 'such' }] },
};
/**
 * Of the others: what reads the kernel's whole types or names is left out, it takes too long for a hundred thousand; and
 * tracer/confine, which is for the whole process and answers nearly every request after it with a refusal.
 */
const LEFT_OUT = ['target/read', 'target/perf-event', 'printk/watch', 'tracer/confine'];
const METHODS = Object.keys(TracerRequestSchemas).filter(method => !LEFT_OUT.includes(method));
/** One frame; `id`: of the request it may be. */
export function frame(below: Below, id: number): Uint8Array {
  const way = below(20);
  if (way === 0) return blobFrame(below);
  if (way === 1)
    return dataFrame(
      below,
      Uint8Array.from({ length: below(64) }, () => below(256)),
    );
  if (way < 4) return rpcFrame(strayMessage(below), below);
  const method =
    below(20) === 0 ? pick(['nothing', '__proto__', 'toString', ''], below) : pick(METHODS, below);
  const params = JSON.stringify(PARAMETERS[method] ?? { sessionId: 1 });
  const used = below(30) === 0 ? strangeJson(below) : String(below(10) === 0 ? 1 : id);
  const text = `{"jsonrpc":"2.0","id":${used},"method":${JSON.stringify(method)},"params":${params}}`;
  if (way < 10) return damagedFrame(rpcFrame(text), below);
  return rpcFrame(damagedJson(text, below), below);
}
