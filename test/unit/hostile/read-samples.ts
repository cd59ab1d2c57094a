import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Samples } from './readers';

/** What makeSamples put into the folder. */
export function readSamples(folder: string): Samples {
  const bytes = (kind: string) =>
    readdirSync(path.join(folder, kind))
      .sort((a, b) => Number(a) - Number(b))
      .map(name => new Uint8Array(readFileSync(path.join(folder, kind, name))));
  const texts = (kind: string) => bytes(kind).map(each => Buffer.from(each).toString());
  return {
    objects: bytes('objects'),
    btf: bytes('btf'),
    relocationBtf: bytes('relocationBtf'),
    programs: bytes('programs'),
    kernelImages: bytes('kernelImages'),
    bootImages: bytes('bootImages'),
    logs: texts('logs'),
    manifests: texts('manifests'),
    kallsyms: texts('kallsyms'),
    maps: texts('maps'),
  };
}
