/** Logs and programs of test/fixtures/cases: troubles that people reported, made anew and small. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainLog } from '../../../src/shared/verifier/explain';

const cases = path.resolve(import.meta.dirname, '../../fixtures/cases');
const read = (file: string) => readFileSync(path.join(cases, file), 'utf8');

function explain(folder: string, log: string, source = `${folder}.bpf.c`) {
  const [explained] = explainLog(read(`${folder}/${log}`), {
    source: { file: source, text: read(`${folder}/${source}`) },
  });
  return { program: explained?.program, ...explained?.diagnostics[0] };
}

describe('a reported trouble', () => {
  it('d_path at a function that is not on its list', () => {
    const found = explain('d-path-not-here', 'd-path-not-here-6.1.log');
    expect(found).toMatchObject({ program: 'on_open', line: 27, code: 'helper-not-allowed' });
    expect(found.message).toMatch(/not allowed at this attach point .*dentry_open/);
  });

  it('fexit of a system call’s wrapper', () => {
    const found = explain('fexit-of-a-syscall', 'fexit-of-a-syscall-6.1.log');
    expect(found).toMatchObject({ program: 'unlink_done', line: 11, code: 'invalid-context-access' });
    expect(found.message).toMatch(/wrapper: .*`const struct pt_regs \*regs`.* the result after it, at 1/);
  });

  it('no configuration of the kernel', () => {
    const found = explain('kernel-config', 'kernel-config-6.1.log');
    expect(found).toMatchObject({ code: 'missing-kernel-config', line: 8, reporter: 'libbpf' });
    expect(found.message).toMatch(/`CONFIG_HZ`, `CONFIG_PREEMPT_RT`.*\/boot\/config-.*\/proc\/config\.gz/);
  });

  it.each([
    ['modified-context-6.1.log', 'modified-context.bpf.c', 17],
    ['variable-6.1.log', 'variable.bpf.c', 11],
    ['veristat.log', 'modified-context.bpf.c', 17],
  ])('a context pointer that was moved: %s', (log, source, line) => {
    const found = explain('modified-context', log, source);
    expect(found).toMatchObject({ program: 'keep_argument', line });
    expect(found.message).toMatch(/^The context pointer was moved .*bpf_probe_read_kernel\(\)/);
  });

  it('a function of a module', () => {
    const found = explain('module-function', 'module-function-6.1.log');
    expect(found).toMatchObject({
      program: 'on_forward',
      code: 'attach-target-missing',
      line: 12,
      reporter: 'libbpf',
    });
  });

  it('padding on the stack', () => {
    expect(explain('padding-on-stack', 'libbpf-6.1-before-2024.log')).toMatchObject({
      program: 'on_lock',
      line: 26,
      code: 'invalid-stack-read',
    });
  });
});
