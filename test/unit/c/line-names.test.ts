import { describe, expect, it } from 'vitest';
import {
  addressArgument,
  argumentOf,
  assignedName,
  indexExpression,
  kconfigName,
} from '../../../src/shared/c/line-names';

describe('names in lines of C', () => {
  it.each([
    ['calls = bpf_map_lookup_elem(&counts, &tid);', 'calls'],
    ['__u64 *value = bpf_map_lookup_elem(&start, &tid);', 'value'],
    ['event->pid = bpf_get_current_pid_tgid() >> 32;', 'event->pid'],
    ['slots[slot] += 1;', 'slots[slot]'],
    ['for (i = 0; i < 10; i++)', 'i'],
    ['if (a == b)', null],
    ['if (a <= b && c >= d && e != f)', null],
    ['return *value;', null],
  ])('%s gives a value to %s', (line, name) => {
    expect(assignedName(line)).toBe(name);
  });

  it.each([
    ['bpf_map_update_elem(&counts, &key, &one, BPF_ANY);', 'bpf_map_update_elem', 2, 'key'],
    ['return bpf_map_delete_elem(&counts, (void *)tid);', 'bpf_map_delete_elem', 2, 'tid'],
    ['bpf_probe_read_kernel(chunk, length, ctx);', 'bpf_probe_read_kernel', 2, 'length'],
    [
      'bpf_probe_read_kernel(event->name, sizeof(event->name), path);',
      'bpf_probe_read_kernel',
      1,
      'event->name',
    ],
    ['bpf_probe_read_kernel(buffer, sizeof(buffer), path);', 'bpf_probe_read_kernel', 2, null],
    ['bpf_probe_read_kernel(min(a, b), c, path);', 'bpf_probe_read_kernel', 3, 'path'],
    ['bpf_probe_read_kernel(buffer,', 'bpf_probe_read_kernel', 2, null],
    ['something_else(a, b);', 'bpf_probe_read_kernel', 1, null],
  ])('%s: %s argument %i is %s', (line, helper, number, name) => {
    expect(argumentOf(line, helper, number)).toBe(name);
  });

  it('finds the map of a look-up and the index of an access', () => {
    expect(addressArgument('v = bpf_map_lookup_elem(&counts, &key);', 'bpf_map_lookup_elem')).toBe('counts');
    expect(addressArgument('v = bpf_map_lookup_elem(map, &key);', 'bpf_map_lookup_elem')).toBeNull();
    expect(indexExpression('slots[slot]++;')).toBe('slot');
    expect(indexExpression('all->rows[a].slots[b + 1]++;')).toBe('b + 1');
    expect(indexExpression('*value += 1;')).toBeNull();
  });

  it('names the variable of a kernel option', () => {
    expect(kconfigName('extern unsigned int CONFIG_HZ __kconfig;')).toBe('CONFIG_HZ');
    expect(kconfigName('  extern bool CONFIG_X __weak __kconfig; // text')).toBe('CONFIG_X');
    expect(kconfigName('extern enum libbpf_tristate CONFIG_M __kconfig __weak;')).toBe('CONFIG_M');
    expect(kconfigName('extern const char CONFIG_CC_VERSION_TEXT[64] __kconfig;')).toBe(
      'CONFIG_CC_VERSION_TEXT',
    );
    expect(kconfigName('extern int function(void) __ksym;')).toBeNull();
    expect(kconfigName('return CONFIG_HZ;')).toBeNull();
  });
});
