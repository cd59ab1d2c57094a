/** What a file declares, when the preprocessor or the author's own macros stand in the way. */
import { describe, expect, it } from 'vitest';
import { ItemCache, readSource } from '../../../src/server/source/read-source';
import { lex } from '../../../src/shared/c/lexer';

const functionsOf = (text: string) => readSource(text).functions.map(one => one.name);
const sectionsOf = (text: string) =>
  readSource(text).sections.map(one => one.name + (one.isPartial ? '…' : ''));

describe('branches of the preprocessor', () => {
  it('leaves out what no BPF build compiles', () => {
    expect(
      functionsOf('#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void)\n{\n}\nint g(void)\n{\n}\n'),
    ).toEqual(['f', 'g']);
    expect(functionsOf('#if 0\nint f(void)\n{\n#else\nint g(void)\n{\n}\n#endif\n')).toEqual(['g']);
    expect(functionsOf('#ifndef __cplusplus\nint f(void)\n{\n}\n#else\nint g(void)\n{\n}\n#endif\n')).toEqual(
      ['f'],
    );
    expect(
      functionsOf('#if defined(__bpf__)\nint f(void)\n{\n}\n#else\nint g(void)\n{\n}\n#endif\n'),
    ).toEqual(['f']);
  });

  it('reads one of two heads of a block, and every whole alternative', () => {
    const heads =
      'int f(int x)\n{\n#ifdef A\n\tif (x) {\n#else\n\tif (!x) {\n#endif\n\t}\n}\nint g(void)\n{\n}\n';
    expect(functionsOf(heads)).toEqual(['f', 'g']);
    expect(functionsOf('#ifdef A\nint f(void)\n{\n}\n#else\nint g(void)\n{\n}\n#endif\n')).toEqual([
      'f',
      'g',
    ]);
    const nested =
      '#if 0\n#if 1\nint f(void)\n{\n#endif\n#else\nint g(void)\n{\n#if 0\n}\n#elif 1\n\tint x;\n#endif\n}\n#endif\nint h(void)\n{\n}\n';
    expect(functionsOf(nested)).toEqual(['g', 'h']);
  });

  it('reads a macro over continued lines of either kind', () => {
    for (const end of ['\n', '\r\n']) {
      const { macros } = readSource(['#define A(x) do { \\', '\t(x)++; \\', '} while (0)', ''].join(end));
      expect(macros.get('A')?.body.replace(/\s+/g, ' ')).toBe('do { (x)++; } while (0)');
    }
  });

  it('takes damaged directives as they come', () => {
    for (const text of [
      '#if',
      '#else\nint f(void)\n{\n}\n',
      '#endif\n#if 0\nint f(void)\n{',
      '#if 0\n#elif\n#else',
    ])
      expect(readSource(text).functions.length).toBeLessThan(2);
  });
});

describe('sections', () => {
  it('reads them from SEC(), from __section() and from the attribute', () => {
    const text = [
      'SEC("xdp") int a(void *c) { return 0; }',
      '__section("tc") int b(void *c) { return 0; }',
      '__attribute__((section("kprobe/f"), used)) int c(void *c) { return 0; }',
      'char license[] __attribute__((section("license"), used)) = "GPL";',
    ].join('\n');
    expect(sectionsOf(text)).toEqual(['xdp', 'tc', 'kprobe/f', 'license']);
    expect(readSource(text).functions.map(one => one.section?.name)).toEqual(['xdp', 'tc', 'kprobe/f']);
    expect(readSource(text).variables[0]?.literal?.text).toBe('GPL');
  });

  it('knows a name that a macro completes', () => {
    expect(sectionsOf('SEC("fentry/" SYS_PREFIX "sys_x") int f(void *c) { return 0; }')).toEqual([
      'fentry/…',
    ]);
    expect(sectionsOf('SEC(NAME) int f(void *c) { return 0; }')).toEqual([]);
  });

  it("reads them through the file's own macros", () => {
    const text = [
      '#define ON_ENTRY(function) SEC("fentry/" #function)',
      '#define ON_READ SEC("kprobe/vfs_read")',
      '#define PROBE(function, ...) SEC("kprobe/" #function) int BPF_KPROBE(on_##function, __VA_ARGS__)',
      '#define FILE_PROBE(function) PROBE(function, struct file *file)',
      '#define MODULE_LICENSE(text) char LICENSE[] SEC("license") = text',
      '#define ENDLESS ENDLESS_TOO SEC("x")',
      '#define ENDLESS_TOO ENDLESS',
      'ON_ENTRY(vfs_read)\nint BPF_PROG(a, struct file *file)\n{\n}',
      'ON_READ int BPF_KPROBE(b) { ON_READ; return 0; }',
      'PROBE(vfs_write, struct file *file, u64 count)\n{\n}',
      'FILE_PROBE(vfs_open) {}',
      'MODULE_LICENSE("GPL");',
      'ENDLESS;',
    ].join('\n');
    const { functions, variables } = readSource(text);
    const view = functions.map(one => [
      one.name,
      one.section?.name,
      one.parameters.map(parameter => parameter.name),
      text.slice(one.section?.span.start, one.section?.span.end),
    ]);
    expect(view).toEqual([
      ['a', 'fentry/vfs_read', ['file'], 'ON_ENTRY(vfs_read)'],
      ['b', 'kprobe/vfs_read', [], 'ON_READ'],
      [
        'on_vfs_write',
        'kprobe/vfs_write',
        ['file', 'count'],
        'PROBE(vfs_write, struct file *file, u64 count)',
      ],
      ['on_vfs_open', 'kprobe/vfs_open', ['file'], 'FILE_PROBE(vfs_open)'],
    ]);
    // Nobody fixes a name in a place where it is not written.
    expect(functions.every(one => one.section?.isPartial)).toBe(true);
    expect(variables[0]?.section?.name).toBe('license');
    expect(variables[0]?.literal?.text).toBe('GPL');
  });

  it('reads what was known of an item anew when its macro changes', () => {
    const cache = new ItemCache();
    const nameOf = (section: string) => {
      const text = `#define ON SEC("${section}")\nON int f(void *c) { return 0; }`;
      return readSource(text, lex(text), cache).functions[0]?.section?.name;
    };
    expect([nameOf('tc'), nameOf('sk'), nameOf('sk')]).toEqual(['tc', 'sk', 'sk']);
  });
});
