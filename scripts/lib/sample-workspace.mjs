/** The folder `npm start` opens and the tests work in: programs of the templates, ready for ▶. */
import { constants } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './paths.mjs';

const templates = ['vfsreadlat', 'bitehist', 'hello_perf_output'];

/** The sample programs. */
export const firstProgram = 'vfsreadlat.bpf.c';

const readme = `# Sample workspace of BPF Workbench

Three eBPF programs to start with. Open one and press ▶ in the editor's title bar (or run **BPF: Compile and Attach**
from the command palette): it is compiled with clang, attached to the target kernel, and its result appears in the
panel below.

| program | shows |
|---|---|
| vfsreadlat.bpf.c | how long reads take, as a histogram |
| bitehist.bpf.c | how large disk requests are, as histograms |
| hello_perf_output.bpf.c | each call of clone() as an event |

The status bar shows the target: this machine's kernel, or a sandbox virtual machine (**BPF: Select Target**).
These are your files: \`npm start\` never overwrites them. More programs: **BPF: New Program from Template…**
A tour: **Welcome: Open Walkthrough…** in the command palette, then *Get Started with BPF Workbench*.
`;

/** Writes a file unless it exists. */
async function create(write) {
  await write.catch(error => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Fills a folder with the sample programs and a README. Existing files are left unchanged. */
export async function fillSampleWorkspace(folder) {
  await mkdir(folder, { recursive: true });
  for (const name of templates) {
    const file = `${name}.bpf.c`;
    await create(
      copyFile(
        path.join(root, 'bpf-templates', name, file),
        path.join(folder, file),
        constants.COPYFILE_EXCL,
      ),
    );
  }
  await create(writeFile(path.join(folder, 'README.md'), readme, { flag: 'wx' }));
}
