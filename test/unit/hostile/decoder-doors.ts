/** The bytes of data frames: cut into frames, records, entries, histograms and stacks. */

import { parsePageMessage } from '../../../src/host/panels/page-messages';
import { EventStreams } from '../../../src/host/sessions/event-streams';
import { parseMappingRecords } from '../../../src/session/symbols/mapping-records';
import { decodeEntries } from '../../../src/shared/decode/entries';
import { decodeRecord } from '../../../src/shared/decode/field';
import { formatValue } from '../../../src/shared/decode/format';
import { decodeGlobals } from '../../../src/shared/decode/globals';
import { decodeGlobalHistograms, decodeHistograms } from '../../../src/shared/decode/histograms';
import { indexPerfRecords } from '../../../src/shared/decode/perf-records';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import { decodeStacks } from '../../../src/shared/decode/stacks';
import type { BpfObject, RecordLayout } from '../../../src/shared/object/model';
import { FrameSplitter } from '../../../src/shared/protocol/frame-splitter';
import {
  DATA_HEADER_BYTES,
  DataContent,
  encodeFrame,
  FrameError,
  FrameKind,
} from '../../../src/shared/protocol/frames';
import { MapSnapshot } from '../../../src/shared/protocol/map-snapshot';
import type { Door } from './child';
import { strangeJson } from './frames';
import { type Below, damagedBytes, pick } from './mutate';

const CPUS = 4;

/** Records as they lie in a ring buffer: length and flags, page offset, data padded to 8. */
export function ringSpan(below: Below, size: number): Uint8Array {
  const records = below(20);
  const stride = 8 + Math.ceil(size / 8) * 8;
  const bytes = new Uint8Array(records * stride);
  const view = new DataView(bytes.buffer);
  for (let record = 0; record < records; record++) {
    view.setUint32(record * stride, size, true);
    for (let at = 8; at < stride; at += 4) view.setUint32(record * stride + at, below(1 << 30), true);
  }
  return bytes;
}

export function perfRecords(below: Below, size: number): Uint8Array {
  const bytes = ringSpan(below, size);
  const stride = 8 + Math.ceil(size / 8) * 8;
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.byteLength; at += stride) {
    view.setUint32(at, below(CPUS), true);
    view.setUint32(at + 4, size, true);
  }
  return bytes;
}

/** A whole snapshot of up to 20 entries in one frame. */
export function mapChanges(below: Below, keySize: number, stride: number): Uint8Array {
  const count = 1 + below(20);
  const bytes = new Uint8Array(16 + count * (keySize + stride));
  const view = new DataView(bytes.buffer);
  for (const [index, word] of [3, count, 0, count].entries()) view.setUint32(4 * index, word, true);
  for (let at = 16; at < bytes.byteLength; at++) bytes[at] = below(4) === 0 ? below(256) : 0;
  return bytes;
}

const maybeDamaged = (bytes: Uint8Array, below: Below): Uint8Array =>
  bytes.byteLength === 0 || below(4) === 0 ? bytes : damagedBytes(bytes, below);

export function recordsOf(object: BpfObject): RecordLayout[] {
  return object.maps.flatMap(({ view }) => (view.kind === 'events' && view.record ? [view.record] : []));
}

export function decoderDoors(objects: readonly BpfObject[]): readonly Door[] {
  const layouts = objects.flatMap(recordsOf);
  const maps = objects.flatMap(object => object.maps.filter(map => map.view.kind !== 'events'));
  const streams = objects.map(
    object =>
      new EventStreams(
        'x',
        object.maps
          .filter(map => map.view.kind === 'events')
          .map((map, index) => ({
            streamId: index,
            map,
            name: map.name,
            content: index % 2 === 0 ? 'ring' : 'perf',
          })),
        1 << 18,
        async addresses => addresses.map(() => null),
      ),
  );
  return [
    {
      name: 'client: records of ring and perf buffers',
      errors: [],
      read: below => {
        const layout = pick(layouts, below);
        const isRing = below(2) === 0;
        const bytes = maybeDamaged((isRing ? ringSpan : perfRecords)(below, layout.size), below);
        const index = isRing ? indexRingSpan(bytes) : indexPerfRecords(bytes);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        for (let record = 0; record < index.count; record++) {
          const start = index.offsets[record] ?? 0;
          const values = decodeRecord(view, start, layout, start + (index.lengths[record] ?? 0));
          for (const field of layout.fields) {
            const value = values[field.name];
            if (value !== undefined) formatValue(value, field);
          }
        }
      },
    },
    {
      name: 'client: records kept for pages',
      errors: [],
      read: async below => {
        const kept = pick(streams, below);
        const [description] = kept.descriptions;
        if (!description) return;
        const bytes = maybeDamaged(ringSpan(below, 8 * below(20)), below);
        const header = {
          sessionId: 1,
          streamId: 0,
          content: DataContent.ringSpan,
          records: below(1 + (bytes.byteLength >> 3)),
          lost: below(3),
          readAtNs: 0n,
        };
        const stream = { streamId: 0, map: null, name: description.stream, content: description.content };
        await kept.receive(stream, { ...header, bytes }).named;
      },
    },
    {
      name: 'client: mappings of a process',
      errors: [],
      read: below => void parseMappingRecords(maybeDamaged(perfRecords(below, 8 * below(24)), below)),
    },
    {
      name: 'client: maps',
      errors: [FrameError],
      read: below => {
        const map = pick(maps, below);
        const stride = map.perCpu ? Math.ceil(map.valueSize / 8) * 8 * CPUS : map.valueSize;
        const snapshot = new MapSnapshot(map.keySize, stride, 1 << 16);
        for (let parts = 1 + below(3); parts > 0; parts--)
          snapshot.push(maybeDamaged(mapChanges(below, map.keySize, stride), below));
        const { keys, values, count } = snapshot;
        // A part of the bytes may be all there is.
        const there = values.subarray(0, below(3) === 0 ? below(values.byteLength + 1) : values.byteLength);
        decodeEntries(map, keys, there, count, CPUS);
        decodeHistograms(map, keys, there, count, CPUS);
        decodeStacks(map, keys, there, count);
      },
    },
    {
      name: 'client: global data',
      errors: [],
      read: below => {
        const object = pick(objects, below);
        const bytes = Uint8Array.from({ length: below(600) }, () => below(256));
        for (const section of ['.bss', '.data', '.rodata']) {
          decodeGlobals(object, section, bytes);
          decodeGlobalHistograms(object, section, bytes);
        }
      },
    },
    { name: 'both: frames cut anywhere', errors: [], read: cutAnywhere },
    {
      name: 'client: messages of a page',
      errors: [],
      read: below => {
        const type = pick(['ready', 'command', 'export', 'copy', 'pageError', '__proto__'], below);
        const text = `{"type":"${type}","command":${strangeJson(below)},"name":${strangeJson(below)},"text":${strangeJson(below)}}`;
        try {
          parsePageMessage(JSON.parse(text));
        } catch (error) {
          // Not JSON: no page can send it.
          if (!(error instanceof SyntaxError)) throw error;
        }
      },
    },
  ];
}

/** However a stream is cut, the same frames come out. */
function cutAnywhere(below: Below): void {
  const frames = Array.from({ length: 1 + below(6) }, () => {
    const kind = pick(Object.values(FrameKind), below);
    const least = kind === FrameKind.data ? DATA_HEADER_BYTES : 0;
    return encodeFrame(
      kind,
      Uint8Array.from({ length: least + below(40) }, () => below(256)),
    );
  });
  const stream = Buffer.concat(frames);
  const seen: Buffer[] = [];
  const splitter = new FrameSplitter(frame => {
    const head = frame.kind === FrameKind.data ? [frame.head] : [];
    seen.push(Buffer.from(encodeFrame(frame.kind, ...head, frame.bytes)));
  });
  for (let at = 0; at < stream.byteLength; ) {
    const end = Math.min(stream.byteLength, at + 1 + below(below(3) === 0 ? 60 : 3));
    splitter.push(new Uint8Array(stream.subarray(at, end)));
    at = end;
  }
  if (!Buffer.concat(seen).equals(stream)) throw new Error('other frames came out');
}
