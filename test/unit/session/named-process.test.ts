/** Whose calls a probe of a program or library sees, by what was said on the command line. */
import { describe, expect, it } from 'vitest';
import { probedProcess } from '../../../src/session/targets/named-process';
import type { Parameter } from '../../../src/shared/object/model';

const pid: Parameter = {
  name: 'target_pid',
  label: 'Process',
  help: '',
  unit: '',
  section: '.rodata',
  offset: 0,
  size: 4,
  storage: 'u32',
  meaning: 'pid',
  why: 'its type',
  valueNames: null,
  min: null,
  max: null,
  defaultValue: '0',
  role: 'pid',
  ask: false,
};
const COMMAND = 100;

describe('the process probes are set in', () => {
  it.each([
    ["the command's, which the parameter was set to", [pid], [['target_pid', '100']], COMMAND, COMMAND],
    ['every process when 0 was said, whatever command runs', [pid], [['target_pid', '0']], COMMAND, null],
    ['another one that was said', [pid], [['target_pid', '7']], COMMAND, 7],
    ['every process without a command', [pid], [], null, null],
    ["the command's in a program that has no such parameter", [], [], COMMAND, COMMAND],
  ] as const)('%s', (_what, parameters, values, command, expected) => {
    expect(probedProcess(parameters, new Map(values), command)).toBe(expected);
  });
});
