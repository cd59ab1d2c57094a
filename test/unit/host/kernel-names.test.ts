import { expect, it } from 'vitest';
import { SessionKernelNames } from '../../../src/host/sessions/kernel-names';
import type { Field } from '../../../src/shared/object/model';
import type { StreamDescription } from '../../../src/shared/protocol/webview';

const field: Field = {
  name: 'caller',
  label: 'caller',
  offset: 0,
  size: 8,
  storage: 'u64',
  bitOffset: 0,
  bitSize: 0,
  count: 1,
  elementStorage: null,
  elementSize: 0,
  meaning: 'ksym',
  unit: '',
  valueNames: null,
  help: '',
  hidden: false,
  typeName: 'bpfw_ksym',
};
const stream: StreamDescription = {
  stream: 'events',
  label: 'events',
  content: 'ring',
  record: { typeName: 'struct event', size: 8, fields: [field] },
};

/** Records as they lie in a ring buffer: u32 length, u32 page offset, the address. */
function span(addresses: readonly bigint[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(addresses.length * 16));
  addresses.forEach((address, index) => {
    view.setUint32(index * 16, 8, true);
    view.setBigUint64(index * 16 + 8, address, true);
  });
  return new Uint8Array(view.buffer);
}

function names() {
  const asked: bigint[][] = [];
  const session = new SessionKernelNames('s', async addresses => {
    asked.push([...addresses]);
    return addresses.map(address => (address === 1n ? null : `function_${address}`));
  });
  return { asked, session };
}

it('asks for each address once, and tells of those that have a name', async () => {
  const { asked, session } = names();
  expect(await session.learn(stream, span([7n, 1n, 7n]))).toEqual({
    type: 'kernelNames',
    sessionId: 's',
    names: [[7n, 'function_7']],
  });
  expect(await session.learn(stream, span([1n, 7n]))).toBeNull();
  expect(await session.learn(stream, span([9n]))).toMatchObject({ names: [[9n, 'function_9']] });
  expect(asked).toEqual([[7n, 1n], [9n]]);
  expect(session.hydration()).toEqual([
    {
      type: 'kernelNames',
      sessionId: 's',
      names: [
        [7n, 'function_7'],
        [9n, 'function_9'],
      ],
    },
  ]);
});

it('looks at a part of a frame that is full of addresses', async () => {
  const { asked, session } = names();
  await session.learn(stream, span(Array.from({ length: 10_000 }, (_, index) => BigInt(index + 2))));
  expect(asked[0]).toHaveLength(4096);
});

it('leaves streams without kernel addresses alone', async () => {
  const { asked, session } = names();
  const record = { typeName: 'r', size: 8, fields: [{ ...field, meaning: 'plain' } as const] };
  const plain: StreamDescription = { ...stream, record };
  expect(await session.learn(plain, span([7n]))).toBeNull();
  expect(asked).toEqual([]);
});
