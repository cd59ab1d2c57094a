/**
 * The guest's init, as two scripts for busybox's POSIX sh: `firstInit` runs in the initramfs and mounts the root file
 * system, `secondInit` is process 1 on it and starts the agent.
 */

export interface GuestInitOptions {
  readonly kernelRelease: string;
  /** Paths on the host, visible in the guest through the shared root file system. */
  readonly modulesFolder: string;
  readonly kernelFolder: string;
  readonly nodePath: string;
  readonly agentPath: string;
  readonly network: boolean;
}

export const GUEST_HOST_NAME = 'bpf-sandbox';
export const ROOT_MOUNT_TAG = 'bpfw-root';

/** Console lines that mark the guest's boot progress. */
export const BootMarker = {
  kernel: 'bpfw: kernel is up',
  fileSystems: 'bpfw: file systems are up',
} as const;

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function firstInit(options: GuestInitOptions): string {
  const release = options.kernelRelease;
  // 512000: the maximum message size of 9p over virtio (net/9p/trans_virtio.c, VIRTQUEUE_NUM pages less three).
  return `#!/bin/busybox sh
export PATH=/bin
b=/bin/busybox
$b mount -t devtmpfs dev /dev
echo '${BootMarker.kernel}'
fail() { echo "bpfw: $1"; $b poweroff -f; }
$b mkdir -p /proc /lower /upper /root
$b mount -t proc proc /proc
# A kernel that complains must not fill the console that the outside reads.
echo 4 >/proc/sys/kernel/printk
while read -r module; do $b insmod "/modules/$module" || fail "loading module $module failed"; done </modules/order
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose ${ROOT_MOUNT_TAG} /lower ||
	fail 'mounting the shared root file system failed'
$b mount -t tmpfs -o mode=755,size=75% upper /upper
$b mkdir /upper/data /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work overlay /root ||
	fail 'mounting the overlay failed'

$b mount -t devtmpfs dev /root/dev
$b mkdir -p /root/dev/pts /root/dev/shm
$b mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /root/dev/pts
$b mount -t tmpfs -o mode=1777 shm /root/dev/shm
$b mount -t proc proc /root/proc
$b mount -t sysfs sys /root/sys
$b mount -t cgroup2 cgroup2 /root/sys/fs/cgroup
$b mount -t bpf -o mode=700 bpf /root/sys/fs/bpf
$b mount -t debugfs debugfs /root/sys/kernel/debug
$b mount -t tracefs tracefs /root/sys/kernel/tracing
$b mount -t tmpfs -o mode=755 run /root/run
$b mkdir -p /root/run/lock /root/run/bpfw
$b ln -sf /proc/self/fd /root/dev/fd
$b ln -sf /proc/self/fd/0 /root/dev/stdin
$b ln -sf /proc/self/fd/1 /root/dev/stdout
$b ln -sf /proc/self/fd/2 /root/dev/stderr

$b mkdir -p /root/lib/modules/${release}
${options.modulesFolder === `/lib/modules/${release}` ? '' : `$b mount --bind /root${quote(options.modulesFolder)} /root/lib/modules/${release}`}
for file in config System.map vmlinuz; do
	from=${quote(options.kernelFolder)}/$file-${release}
	[ -e "/root/boot/$file-${release}" ] || [ ! -e "/root$from" ] || $b ln -s "$from" "/root/boot/$file-${release}"
done

$b hostname ${GUEST_HOST_NAME}
echo ${GUEST_HOST_NAME} >/root/etc/hostname
# sudo resolves the host name on every call.
printf '127.0.0.1\\tlocalhost\\n127.0.1.1\\t${GUEST_HOST_NAME}\\n' >/root/etc/hosts
$b ip link set lo up
${options.network ? '$b ip addr add 10.0.2.15/24 dev eth0 && $b ip link set eth0 up || fail "configuring the network failed"' : ''}
$b cp /bin/busybox /secondInit /root/run/bpfw/
echo '${BootMarker.fileSystems}'
exec $b switch_root /root /run/bpfw/busybox sh /run/bpfw/secondInit
`;
}

export function secondInit(options: GuestInitOptions): string {
  return `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
cd /
${quote(options.nodePath)} ${quote(options.agentPath)} </dev/null >/dev/console 2>&1 &
agent=$!
# Waiting also reaps what the agent's children leave behind.
wait $agent
status=$?
[ $status -eq 0 ] || echo "bpfw: the agent exited with status $status" >/dev/console
/run/bpfw/busybox poweroff -f
`;
}
