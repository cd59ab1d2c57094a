import { expect, it } from 'vitest';
import { whyNotAttachedThere } from '../../../src/shared/bpf/attach-helpers';
import { parseSection } from '../../../src/shared/bpf/section-kinds';

it.each([
  ['bpf_d_path', 'fexit/vfs_truncate', true],
  ['bpf_d_path', 'fentry/vfs_read', false],
  ['bpf_d_path', 'fmod_ret/security_file_open', true],
  ['bpf_d_path', 'tp_btf/sched_switch', false],
  ['bpf_d_path', 'fentry', true],
  ['bpf_d_path', 'lsm/task_kill', true],
  ['bpf_setsockopt', 'lsm_cgroup/socket_post_create', true],
  ['bpf_getsockopt', 'lsm_cgroup/socket_bind', false],
  ['bpf_setsockopt', 'cgroup/connect4', true],
])('%s in %s: %s', (helper, name, allowed) => {
  const section = parseSection(name);
  expect(section && whyNotAttachedThere(helper, section) === null).toBe(allowed);
});
