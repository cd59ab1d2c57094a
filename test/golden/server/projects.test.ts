/** Headers of a program's project, found by its build files: completion knows their types, in every place that has them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { ServerUnderTest } from './client';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-project-'));
let server: ServerUnderTest;
beforeAll(async () => {
  server = await ServerUnderTest.onSmallKernel(folder, { mayRunMake: true });
}, 60_000);
afterAll(async () => {
  await server?.stopWell();
  rmSync(folder, { recursive: true, force: true });
});

const PROGRAM = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "level.h"
SEC("raw_tp/x")
int handle(void *ctx)
{
	struct level *level = 0;
	return level->§;
}
`;

it('knows the types of a header that only the makefile can find', async () => {
  const files = {
    'inc/level.h': 'struct level { int depth_of_the_project; };\n',
    Makefile: 'one.bpf.o: one.bpf.c\n\tclang -target bpf -Iinc -c $< -o $@\n',
    'one.bpf.c': PROGRAM.replace('§', 'x'),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(server.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  // Nothing waits for make: the first answers come without it.
  await expect
    .poll(async () => (await server.complete('one.bpf.c', PROGRAM, '>')).map(({ label }) => label), {
      timeout: deadlineMs(15_000),
    })
    .toEqual(['depth_of_the_project']);
});
