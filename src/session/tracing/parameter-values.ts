/**
 * Converts a parameter's text to the bytes written to read-only data before load. Every error states what is accepted.
 */
import type { Parameter, Storage } from '../../shared/object/model';
import { SessionError } from '../errors';

export interface ConstantBytes {
  readonly section: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Of what is not in the object (map sizes, targets) only checked. Throws SessionError 'unknown-parameter' or 'bad-parameter'. */
export function encodeParameters(
  parameters: readonly Parameter[],
  values: ReadonlyMap<string, string>,
): ConstantBytes[] {
  return [...values].flatMap(([name, text]) => {
    const parameter = parameters.find(candidate => candidate.name === name);
    if (!parameter) {
      const known = parameters.map(candidate => candidate.name).join(', ') || 'none';
      throw new SessionError(
        'unknown-parameter',
        `The program has no parameter '${name}'. Its parameters: ${known}.`,
      );
    }
    const bytes = encodeParameter(parameter, text);
    return parameter.section === '' ? [] : [{ section: parameter.section, offset: parameter.offset, bytes }];
  });
}

/** The parameter's bytes, exactly `parameter.size` of them. Throws SessionError 'bad-parameter'. */
export function encodeParameter(parameter: Parameter, text: string): Uint8Array {
  const refuse = (accepted: string): never => {
    throw new SessionError('bad-parameter', `${parameter.name} cannot be '${text}': ${accepted}.`);
  };
  const trimmed = text.trim();
  if (parameter.storage === 'text') return encodeText(parameter, text, refuse);
  if (parameter.storage === 'bool') {
    const value = { true: 1, 1: 1, yes: 1, on: 1, false: 0, 0: 0, no: 0, off: 0 }[trimmed.toLowerCase()];
    return Uint8Array.of(value ?? refuse('use true or false'));
  }
  if (parameter.meaning === 'ipv4' && /^\d+\.\d+\.\d+\.\d+$/.test(trimmed))
    return encodeIpv4(trimmed, refuse);
  const range = INTEGER_RANGES[parameter.storage];
  if (!range) return refuse(`a ${parameter.storage} parameter cannot be set`);
  const value = parseInteger(parameter, trimmed) ?? refuse(wholeNumberHint(parameter));
  const min = parameter.min === null ? range.min : BigInt(parameter.min);
  const max = parameter.max === null ? range.max : BigInt(parameter.max);
  if (value < min || value > max) return refuse(`it must be between ${min} and ${max}${unitOf(parameter)}`);
  return encodeInteger(value, parameter.size, parameter.bigEndian === true);
}

const INTEGER_RANGES: Partial<Record<Storage, { min: bigint; max: bigint }>> = {
  u8: { min: 0n, max: 0xffn },
  u16: { min: 0n, max: 0xffffn },
  u32: { min: 0n, max: 0xffffffffn },
  u64: { min: 0n, max: 0xffffffffffffffffn },
  i8: { min: -0x80n, max: 0x7fn },
  i16: { min: -0x8000n, max: 0x7fffn },
  i32: { min: -0x80000000n, max: 0x7fffffffn },
  i64: { min: -0x8000000000000000n, max: 0x7fffffffffffffffn },
};

function parseInteger(parameter: Parameter, text: string): bigint | null {
  if (parameter.valueNames) {
    const byName = Object.entries(parameter.valueNames).find(([, name]) => name === text);
    if (byName) return BigInt(byName[0]);
  }
  // dev_t as the kernel keeps it: major << 20 | minor (include/linux/kdev_t.h).
  const device = parameter.meaning === 'device' ? /^(\d+):(\d+)$/.exec(text) : null;
  if (device) return (BigInt(device[1] ?? 0) << 20n) | BigInt(device[2] ?? 0);
  if (/^-?\d+$/.test(text) || /^0x[0-9a-fA-F]+$/.test(text)) return BigInt(text);
  return null;
}

function wholeNumberHint(parameter: Parameter): string {
  if (parameter.valueNames) return `use one of ${Object.values(parameter.valueNames).join(', ')}`;
  if (parameter.meaning === 'device') return 'use major:minor, as `lsblk -o NAME,MAJ:MIN` prints it';
  if (parameter.meaning === 'ipv4') return 'use an address such as 192.0.2.1';
  return `use a whole number${unitOf(parameter)}`;
}

function unitOf(parameter: Parameter): string {
  return parameter.unit ? ` (${parameter.unit})` : '';
}

function encodeInteger(value: bigint, size: number, bigEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(size);
  const unsigned = BigInt.asUintN(size * 8, value);
  for (let i = 0; i < size; i++) {
    bytes[bigEndian ? size - 1 - i : i] = Number((unsigned >> BigInt(8 * i)) & 0xffn);
  }
  return bytes;
}

function encodeIpv4(text: string, refuse: (accepted: string) => never): Uint8Array {
  const parts = text.split('.').map(Number);
  if (parts.some(part => part > 255)) return refuse('use an address such as 192.0.2.1');
  return Uint8Array.from(parts);
}

function encodeText(parameter: Parameter, text: string, refuse: (accepted: string) => never): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  // The last byte stays NUL: the program reads it as a C string.
  if (encoded.byteLength > parameter.size - 1) return refuse(`at most ${parameter.size - 1} bytes fit`);
  const bytes = new Uint8Array(parameter.size);
  bytes.set(encoded);
  return bytes;
}
