/** Ordinary users of the guest and the driver that runs as one of them. */
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { GuestProcess } from '../../../src/session/vm/guest-process';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';
import { compileProgram } from '../tracer/guest-tracer';
import type { DriverAnswer, DriverTask } from './driver';

export interface Person {
  readonly name: string;
  readonly uid: number;
  readonly password: string;
}
/** May use sudo with the password. */
export const TRACER: Person = { name: 'tracer', uid: 4301, password: 'correct horse 42' };
/** Has a password and no right to use sudo. */
export const VISITOR: Person = { name: 'visitor', uid: 4302, password: 'battery staple 7' };

/** Where every user of the guest sees the checkout, which may lie in a folder only root may enter. */
export const CHECKOUT = '/opt/bpfw-checkout';
export const VERSION = '9.8.7';

const driverFile = path.join(workFolder, 'elevation-driver.js');
/** A file of the checkout as every user of the guest sees it. */
export const inGuest = (file: string) => path.join(CHECKOUT, path.relative(root, file));

export async function buildDriver(): Promise<void> {
  await build({
    entryPoints: [path.join(__dirname, 'driver.ts')],
    outfile: driverFile,
    bundle: true,
    platform: 'node',
    target: 'node20',
  });
}

/** Makes both users; idempotent. */
export async function makePeople(guest: TestGuest): Promise<void> {
  await guest.sh(`
id ${TRACER.name} >/dev/null 2>&1 && exit
for person in '${TRACER.name}:${TRACER.uid}:${TRACER.password}' '${VISITOR.name}:${VISITOR.uid}:${VISITOR.password}'; do
	rest=\${person#*:}
	useradd --create-home --shell /bin/sh --uid "\${rest%%:*}" "\${person%%:*}"
	echo "\${person%%:*}:\${rest#*:}" | chpasswd
done
echo '${TRACER.name} ALL=(ALL) ALL' >/etc/sudoers.d/bpfw-test
chmod 440 /etc/sudoers.d/bpfw-test
mkdir -p ${CHECKOUT}
mount --bind '${root}' ${CHECKOUT}
`);
}

export interface DriveOptions extends Partial<DriverTask> {
  readonly as?: Person;
  /** Put before node. */
  readonly prefix?: readonly string[];
  /** It has a controlling terminal; its own input and output are pipes all the same. */
  readonly terminal?: boolean;
}

/** Starts the driver; `answers` are its lines as they come. */
export async function startDriver(
  guest: TestGuest,
  what: DriverTask['what'],
  options: DriveOptions = {},
): Promise<{ readonly process: GuestProcess; readonly answers: AsyncIterator<DriverAnswer> }> {
  const { as = TRACER, prefix = [], terminal = false, ...task } = options;
  const whole: DriverTask = {
    what,
    tracerPath: inGuest(path.join(root, 'dist/tracer.js')),
    version: VERSION,
    elevation: 'auto',
    passwords: [as.password],
    ...task,
    ...(task.objectPath === undefined ? {} : { objectPath: inGuest(task.objectPath) }),
  };
  const argv = [...prefix, 'node', inGuest(driverFile), JSON.stringify(whole)];
  const process = await guest.spawn(terminal ? onTerminal(argv) : argv, {
    uid: as.uid,
    gid: as.uid,
    cwd: `/home/${as.name}`,
    env: { HOME: `/home/${as.name}`, USER: as.name, LOGNAME: as.name },
    fresh: true,
  });
  process.stderr.resume();
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  const answers: AsyncIterator<DriverAnswer> = {
    async next() {
      const { value, done } = await lines.next();
      return done ? { value: undefined, done } : { value: JSON.parse(value), done: false };
    },
  };
  return { process, answers };
}

/** Under script(1), which makes a terminal and lets the command have the descriptors it does not use itself. */
function onTerminal(argv: readonly string[]): string[] {
  const words = argv.map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const command = `exec ${words} <&3 >&4 2>&5`;
  const script = 'exec 3<&0 4>&1 5>&2 </dev/null >/dev/null 2>&1; exec script -qefc "$0" /dev/null';
  return ['sh', '-c', script, command];
}

/** Runs it to its end; its one answer. */
export async function drive(
  guest: TestGuest,
  what: DriverTask['what'],
  options: DriveOptions = {},
): Promise<DriverAnswer> {
  const { process, answers } = await startDriver(guest, what, options);
  const first = await answers.next();
  if (first.done) throw new Error(`the driver said nothing and ended with ${(await process.exited).code}`);
  await process.exited;
  return first.value;
}

/** A system bus and polkit's daemon with the rules that are there now. */
export async function startPolkit(guest: TestGuest): Promise<void> {
  await guest.sh(`
[ -S /run/dbus/system_bus_socket ] || { mkdir -p /run/dbus; dbus-daemon --system --fork; }
pkill -x polkitd || true
for daemon in /usr/lib/polkit-1/polkitd /usr/libexec/polkitd; do
	[ -x "$daemon" ] || continue
	"$daemon" --no-debug >/dev/null 2>&1 &
	break
done
`);
}

/** The guest with its users, the driver and the program that the kernel refuses: what the tests of this folder share. */
export async function guestWithPeople(): Promise<TestGuest> {
  compileProgram('rejected');
  await buildDriver();
  const guest = await sharedGuest();
  await makePeople(guest);
  return guest;
}
