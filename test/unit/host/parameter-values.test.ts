import { describe, expect, it } from 'vitest';
import {
  changedValues,
  missingTargets,
  problemsOf,
  startingValues,
  wantsChoice,
} from '../../../src/host/parameters/values';
import type { AttachPoint } from '../../../src/shared/bpf/attach-point';
import type { Parameter, Program } from '../../../src/shared/object/model';
import { plainProgram } from '../plain-program';

function parameter(name: string, change: Partial<Parameter> = {}): Parameter {
  return {
    name,
    label: name,
    help: '',
    unit: '',
    section: '.rodata',
    offset: 0,
    size: 16,
    storage: 'text',
    meaning: 'text',
    why: 'its type',
    valueNames: null,
    min: null,
    max: null,
    defaultValue: '',
    role: null,
    ask: false,
    ...change,
  };
}

const pid = parameter('target_pid', {
  storage: 'u32',
  meaning: 'pid',
  size: 4,
  defaultValue: '0',
  role: 'pid',
});

const program = (attachPoint: AttachPoint, targetParameter: string | null) =>
  plainProgram('p', attachPoint.kind, { attachPoint, targetParameter });
const kprobe = program({ kind: 'kprobe', function: '', offset: 0 }, 'target_function');
const uprobe = program({ kind: 'uprobe', path: '', symbol: '', offset: 0 }, 'target_function');
const fixed = program({ kind: 'fentry', function: 'vfs_read' }, null);

describe('values a program starts with', () => {
  it('are the remembered ones where they fit, else the defaults', () => {
    expect(startingValues([pid], new Map([['target_pid', '42']])).get('target_pid')).toBe('42');
    expect(startingValues([pid], new Map([['target_pid', 'forty-two']])).get('target_pid')).toBe('0');
    expect(startingValues([pid], new Map([['other', '1']]))).toEqual(new Map([['target_pid', '0']]));
  });

  it('tell a session only what is not the default', () => {
    expect(changedValues([pid], new Map([['target_pid', '0']])).size).toBe(0);
    expect(changedValues([pid], new Map([['target_pid', '7']]))).toEqual(new Map([['target_pid', '7']]));
  });
});

describe('whether somebody must be asked', () => {
  const target = parameter('target_function', { role: 'function' });
  const library = parameter('target_library', { role: 'path' });
  const ask = (programs: Program[], values: Record<string, string>) =>
    missingTargets({ programs, parameters: [pid, target, library] }, new Map(Object.entries(values)));

  it('no: the section names where it attaches', () => expect(ask([fixed], {})).toEqual([]));
  it('yes: no function is named', () =>
    expect(ask([kprobe], { target_function: ' ' })).toEqual(['target_function']));
  it('no: a function is named', () => expect(ask([kprobe], { target_function: 'f' })).toEqual([]));
  it('yes: a function in no file', () =>
    expect(ask([uprobe], { target_function: 'f' })).toEqual(['target_library']));
  it('no: a function in a file', () =>
    expect(ask([uprobe], { target_function: 'f', target_library: 'libc.so.6' })).toEqual([]));
  it('no: one of the programs has its target', () =>
    expect(ask([uprobe, kprobe], { target_function: 'f' })).toEqual([]));
});

describe('whether the program wants a choice', () => {
  const wantedPid = { ...pid, ask: true };
  const wantedComm = parameter('target_comm', { role: 'comm', ask: true });
  const wants = (values: Record<string, string>) =>
    wantsChoice([wantedPid, wantedComm], new Map(Object.entries(values)));

  it('yes: one of two is wanted and neither is set', () =>
    expect(wants({ target_pid: '0', target_comm: '' })).toBe(true));
  it('no: one of the two is set', () => expect(wants({ target_pid: '0', target_comm: 'bash' })).toBe(false));
  it('no: none is wanted', () => expect(wantsChoice([pid], new Map())).toBe(false));
});

describe('what is wrong with values', () => {
  const target = parameter('target_function', { role: 'function' });
  const problems = (values: Record<string, string>) =>
    problemsOf({ programs: [kprobe], parameters: [pid, target] }, new Map(Object.entries(values)));

  it('is nothing when all can be attached with', () => {
    expect(problems({ target_pid: '1', target_function: 'vfs_read' })).toEqual({});
  });

  it('is reported for each parameter', () => {
    const found = problems({ target_pid: 'one', target_function: '' });
    expect(found.target_function).toBe('Required: it sets where the program attaches.');
    expect(found.target_pid).toContain("target_pid cannot be 'one'");
  });
});
