/**
 * Every attach point of every template, one rank at a time: the kernel takes the program, or the target says what it
 * lacks. What 6.1 lacks is written down here, so a name that goes missing is noticed.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { SessionError } from '../../../src/session/errors';
import { readTemplates } from '../../unit/templates/folders';
import { sharedGuest } from '../bench/guest';
import { compileProgram, trace } from '../bench/trace';
import { workloadPath } from '../bench/workloads';

/** "template group rank" that a 6.1 kernel in a virtual machine without a branch recorder cannot attach. */
const LACKING: readonly string[] = [
  'biolatpcts issue 1',
  'disksnoop requests 1',
  'hello_fields creation 2',
  'hello_perf_output creation 2',
  'hello_perf_output_using_ns creation 2',
  'hello_world creation 2',
  'lbr recorder 0',
  'trace_perf_output creation 2',
  'urandomread read 2',
  'urandomread_explicit read 0',
];

/** Run-time targets that are on this machine. */
const PARAMETERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mysqld_query: {
    target_path: workloadPath('usdtfix'),
    mariadb_function: 'statement',
    mysql_function: 'statement',
  },
  nodejs_http_server: { target_path: workloadPath('usdtfix'), target_function: 'request' },
};

const templates = readTemplates();

beforeAll(async () => {
  const guest = await sharedGuest();
  await guest.sh('modprobe kvm_amd');
});

describe.each(templates)('$name', ({ name }) => {
  it('attaches wherever this kernel allows it', async () => {
    const { object, warnings } = await compileProgram(name);
    expect(warnings).toBe('');
    const alternatives = new Set(
      object.programs.flatMap(({ choice }) => (choice ? [`${choice.group} ${choice.rank}`] : [])),
    );
    if (alternatives.size === 0) alternatives.add('');
    const lacking: string[] = [];
    for (const alternative of alternatives) {
      const [group, rank] = alternative.split(' ');
      const others = object.programs.filter(
        ({ choice }) => choice?.group === group && choice?.rank !== Number(rank),
      );
      const wanted = object.programs.filter(
        ({ choice }) => choice?.group === group && choice?.rank === Number(rank),
      );
      try {
        const result = await trace({
          program: name,
          parameters: PARAMETERS[name] ?? {},
          command: ['true'],
          without: others.map(program => program.name),
        });
        expect(result.commandExit).toBe(0);
        for (const program of wanted)
          expect(result.choice.load.map(loaded => loaded.name)).toContain(program.name);
        expect(result.attached).toHaveLength(result.choice.load.length);
      } catch (error) {
        if (!(error instanceof SessionError) || error.code !== 'attach-point-missing') throw error;
        lacking.push(`${name} ${alternative}`);
      }
    }
    expect(lacking).toEqual(LACKING.filter(line => line.startsWith(`${name} `)));
  });
});
