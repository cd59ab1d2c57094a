/**
 * The distribution packages that the groups of scripts/setup.mjs need. An item is present when one of its commands is on
 * PATH (or in the system's folders) or, without commands, when dpkg reports the package as installed.
 *
 * @typedef {{package: string, why: string, commands?: string[], optional?: boolean}} Item
 */

const qemu = {
  x64: { package: 'qemu-system-x86', commands: ['qemu-system-x86_64'] },
  arm64: { package: 'qemu-system-arm', commands: ['qemu-system-aarch64'] },
}[process.arch];

/** Oldest supported clang, and how many versions ahead to search for versioned names. */
const clangNames = ['clang', ...Array.from({ length: 11 }, (_, index) => `clang-${14 + index}`)];

/** @type {Item[]} compile, load and attach, here and in the sandbox VM */
const run = [
  { package: 'clang', why: 'compiles BPF programs', commands: clangNames },
  { package: 'libbpf-dev', why: 'headers for BPF programs; brings libbpf, which loads them' },
  { package: 'libc6-dev', why: "the kernel's user space headers" },
  ...(qemu ? [{ ...qemu, why: 'runs the sandbox VM' }] : []),
  { package: 'llvm', why: 'names the functions of stacks (llvm-symbolizer)', commands: ['llvm-symbolizer'] },
  { package: 'busybox-static', why: 'first steps of the sandbox VM' },
  { package: 'kmod', why: "finds the modules of the sandbox VM's kernel", commands: ['modprobe'] },
  { package: 'xz-utils', why: "unpacks the sandbox VM's kernel", commands: ['xz'] },
  { package: 'zstd', why: "unpacks the sandbox VM's kernel and modules", commands: ['zstd'] },
];

/** @type {Item[]} */
const test = [
  {
    package: 'chromium',
    why: 'drives VS Code in the tests',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
  },
  { package: 'bpftool', why: 'second opinion on what is loaded', commands: ['bpftool'] },
  { package: 'sudo', why: 'elevation is tested with a real password', commands: ['sudo'] },
  { package: 'pkexec', why: 'elevation is tested with a real polkit', commands: ['pkexec'] },
  { package: 'dbus', why: 'what polkit is reached through', commands: ['dbus-daemon'] },
  { package: 'systemtap-sdt-dev', why: 'a test workload with USDT probes' },
  { package: 'nftables', why: 'a known number of netfilter hooks to measure', commands: ['nft'] },
  {
    package: 'postgresql',
    why: 'a server with USDT probes to trace (Debian and Ubuntu start its service, on loopback)',
  },
  {
    package: 'mariadb-server-core',
    why: 'a server without USDT probes to trace',
    commands: ['mariadbd'],
  },
  { package: 'mariadb-client-core', why: 'asks that server', commands: ['mariadb'] },
  { package: 'python3-minimal', why: 'an interpreter with USDT probes to trace', commands: ['python3'] },
  {
    package: 'clangd',
    why: 'is given the .clangd that we write, and is a peer to measure the language server against',
    commands: ['clangd'],
  },
  { package: 'clang-16', why: 'a second compiler to test with', commands: ['clang-16'], optional: true },
];

/** @type {Item[]} */
const bench = [
  { package: 'gcc', why: 'builds the C programs to measure against', commands: ['gcc'] },
  { package: 'bpftrace', why: 'a peer to measure against', commands: ['bpftrace'] },
  { package: 'python3-bpfcc', why: 'a peer to measure against', optional: true },
];

/** Items of a group; `start` and `test` add the build requirements of VS Code's server (see setup.mjs). */
export const groups = {
  run,
  start: run,
  test: [...run, ...test],
  bench: [...run, ...test, ...bench],
  all: [...run, ...test, ...bench],
};
