/** The smallest input of each fault that random damage has found. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import 'vscode-jsonrpc/node';
import { vmlinuxHeader } from '../../../src/compile/vmlinux-header';
import { readUserBinary } from '../../../src/server/kernel/user-binary';
import { KernelSymbols } from '../../../src/session/symbols/kernel-symbols';
import { hasPvhEntry, kernelImageBtf } from '../../../src/session/vm/vmlinux';
import { parseBtf } from '../../../src/shared/btf/btf';
import { readDwarf } from '../../../src/shared/dwarf/dwarf';
import { parseElf } from '../../../src/shared/elf/elf';
import { elfNotes } from '../../../src/shared/elf/elf-notes';
import { ObjectError } from '../../../src/shared/elf/object-error';
import { encodeFrame, FrameError, FrameKind, MapChangesFlag } from '../../../src/shared/protocol/frames';
import { MapSnapshot } from '../../../src/shared/protocol/map-snapshot';
import { createFrameConnection } from '../../../src/shared/protocol/rpc-frames';
import { explainLog } from '../../../src/shared/verifier/explain';
import { UserElf } from '../../../src/system/user-elf';
import { BtfBytes } from '../object/btf-bytes';
import { elfFile } from './elf-writer';
import { HeldChannel } from './frames';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-found-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function written(bytes: Uint8Array): string {
  const file = path.join(folder, String(files++));
  writeFileSync(file, bytes);
  return file;
}
const words = (...numbers: number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer);

describe('a note whose length is nearly 2^32', () => {
  // Rounded up to 4 by bit operations its length is -12: the next note is this one.
  const endless = words(0xfffffff4, 0, 3, 0, 0, 0);
  it('is the last of its section', () => {
    expect([...elfNotes(endless)]).toEqual([]);
  });
  it('passes text with notes', async () => {
    const bytes = elfFile([
      { name: '.note.stapsdt', type: 7, bytes: endless },
      { name: '.notes', type: 7, bytes: endless },
    ]);
    const file = written(bytes);
    expect(new UserElf(bytes).usdtProbes().size).toBe(0);
    expect(new UserElf(bytes).buildId()).toBeNull();
    expect(readUserBinary(file)?.probes).toEqual([]);
    expect(await hasPvhEntry(file)).toBe(false);
  });
});

describe('a kernel image', () => {
  it('with a section of 2 GiB that is not there ends no process', async () => {
    const bytes = elfFile([{ name: '.notes', type: 7, bytes: words(0) }]);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const headers = Number(view.getBigUint64(40, true));
    for (const size of [0x80000000n, 1n << 62n]) {
      view.setBigUint64(headers + 64 + 32, size, true);
      expect(await hasPvhEntry(written(bytes))).toBe(false);
    }
  });
  it.each([
    ['nothing', new Uint8Array(0)],
    ['a header alone', Buffer.alloc(0x300).fill('HdrS', 0x202, 0x206)],
    [
      'a kernel that does not unpack',
      Buffer.concat([
        Buffer.alloc(2560).fill('HdrS', 0x202, 0x206).fill(16, 0x24c, 0x24d),
        Buffer.from([0x1f, 0x8b, 8, 0, 1, 2]),
      ]),
    ],
  ])('of %s has no types', async (_what, bytes) => {
    const kernel = { release: `${files}`, imagePath: written(bytes), modulesFolder: folder };
    expect(await kernelImageBtf(kernel, folder)).toBeNull();
  });
});

it('debug information whose entries have thousands of attributes without a byte is not read', () => {
  // Code 1: DW_TAG_variable without children, DW_AT_external as DW_FORM_flag_present again and again.
  const abbreviations = Buffer.concat([
    Buffer.from([1, 0x34, 0]),
    Buffer.alloc(2 * 20_000, Buffer.from([0x3f, 0x19])),
    Buffer.alloc(3),
  ]);
  const entries = Buffer.alloc(100_000, 1);
  const unit = Buffer.alloc(11);
  unit.writeUInt32LE(7 + entries.length, 0);
  unit.writeUInt16LE(4, 4);
  unit.writeUInt8(8, 10);
  const elf = elfFile([
    { name: '.debug_abbrev', bytes: abbreviations },
    { name: '.debug_info', bytes: Buffer.concat([unit, entries]) },
  ]);
  expect(readDwarf(parseElf(elf))).toBeNull();
});

it('a line of /proc/kallsyms without an address is left out', () => {
  expect(
    KernelSymbols.parse('ffffffff81-1ed__ t x\nffffffff81000000 T start\n').find(0xffffffff81000004n),
  ).toEqual({
    name: 'start',
    module: null,
    offset: 4,
  });
});

describe('types of a kernel that are not valid C', () => {
  const refused = (table: BtfBytes) =>
    expect(() => vmlinuxHeader(parseBtf(table.bytes()))).toThrow(ObjectError);
  it('an unnamed struct that points to itself', () => {
    const table = new BtfBytes();
    const member = table.text('m');
    refused(table.add('', 4, 1, false, 8, member, 2, 0).add('', 2, 0, false, 1).add('t', 8, 0, false, 1));
  });
  it('a struct that contains itself', () => {
    const table = new BtfBytes();
    refused(table.add('s', 4, 1, false, 8, table.text('m'), 1, 0));
  });
  it('a struct of 4 GB with a gap of as much is bytes without members', () => {
    const table = new BtfBytes();
    const header = vmlinuxHeader(parseBtf(table.add('big', 4, 0, false, 0xfffffff8).bytes()));
    expect(header).toContain('unsigned char __opaque[4294967288];');
    expect(header.length).toBeLessThan(2000);
  });
});

it('a place that no kernel can have written is none', () => {
  const log = [
    'Verification failed: lock: rcu_read_unlock without a lock',
    'At:',
    `  f @ x.c:0:${'9'.repeat(25)}`,
    '',
  ].join('\n');
  for (const { line, column } of explainLog(log).flatMap(each => each.diagnostics)) {
    expect(line ?? 1).toBeGreaterThan(0);
    expect(column ?? 1).toBeLessThan(1024);
  }
});

it('a snapshot that never ends is refused before its runs take memory', () => {
  const snapshot = new MapSnapshot(4, 4, 1000);
  const part = words(MapChangesFlag.anew, 0, 0, 1, 7, 7);
  const more = words(0, 0, 0, 1, 7, 7);
  snapshot.push(part);
  expect(() => {
    for (let parts = 0; parts < 2000; parts++) snapshot.push(more);
  }).toThrow(FrameError);
});

it('a flood of messages is read no faster than it is handled', async () => {
  const held = new HeldChannel();
  const connection = createFrameConnection(held.channel);
  let handled = 0;
  connection.rpc.onNotification(() => {
    handled++;
  });
  connection.rpc.listen();
  const message = encodeFrame(
    FrameKind.rpc,
    new TextEncoder().encode('{"jsonrpc":"2.0","method":"log","params":{}}'),
  );
  let sent = 0;
  for (; sent < 100_000 && !held.paused; sent++) held.send(message, () => 1);
  expect(sent).toBeLessThan(2000);
  connection.pause();
  await expect.poll(() => handled).toBe(sent);
  // Whoever paused it has it paused still.
  expect(held.paused).toBe(true);
  connection.resume();
  expect(held.paused).toBe(false);
});
