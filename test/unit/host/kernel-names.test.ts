import { expect, it } from 'vitest';
import { SessionKernelNames } from '../../../src/host/sessions/kernel-names';
import type { StreamDescription } from '../../../src/shared/protocol/webview';
import { plainField, ringSpanOf as span } from '../plain-field';

const field = plainField('caller', { meaning: 'ksym', typeName: 'bpfw_ksym' });
const stream: StreamDescription = {
  stream: 'events',
  label: 'events',
  content: 'ring',
  record: { typeName: 'struct event', size: 8, fields: [field] },
};

function names() {
  const asked: bigint[][] = [];
  const session = new SessionKernelNames('s', async addresses => {
    asked.push([...addresses]);
    return addresses.map(address => (address === 1n ? null : `function_${address}`));
  });
  return { asked, session };
}

it('queries each address once, and reports those that have a name', async () => {
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
