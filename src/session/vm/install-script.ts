/** Installs the sandbox VM's requirements, as a script for sh(1) on Debian and Ubuntu. The kernel is only unpacked, not installed. */

/** Single-quoted for sh(1). */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Installs QEMU, busybox and kmod if missing (sudo asks for the password), then unpacks the distribution's current
 * kernel to kernels/<release> below `cacheFolder`, where findKernel() searches. Run with sh -e: it stops at the first
 * failure, and an existing kernel stays until the new one is complete.
 */
export function installScript(cacheFolder: string, machine: string = process.arch): string {
  const [qemu, qemuPackage] =
    machine === 'arm64'
      ? ['qemu-system-aarch64', 'qemu-system-arm']
      : ['qemu-system-x86_64', 'qemu-system-x86'];
  return `PATH="$PATH:/usr/sbin:/sbin"
missing=
command -v ${qemu} >/dev/null || missing="$missing ${qemuPackage}"
command -v busybox >/dev/null || missing="$missing busybox-static"
command -v depmod >/dev/null || missing="$missing kmod"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
if [ -n "$missing" ]; then
	echo "Installing$missing"
	$sudo apt-get install -y --no-install-recommends $missing
fi
current() {
	for meta in "linux-image-$(dpkg --print-architecture)" linux-image-generic; do
		apt-cache depends --important "$meta" 2>/dev/null
	done | sed -n 's/^[ |]*Depends: \\(linux-image-[0-9][^ ]*\\)$/\\1/p' | head -n 1
}
image=$(current)
if [ -z "$image" ]; then
	$sudo apt-get update
	image=$(current)
fi
[ -n "$image" ] || { echo "apt has no kernel package; check the sources in /etc/apt" >&2; exit 1; }
release=\${image#linux-image-}
packages=$image
for kind in modules modules-extra binary; do
	! apt-cache show "linux-$kind-$release" >/dev/null 2>&1 || packages="$packages linux-$kind-$release"
done
kernels=${quoted(`${cacheFolder}/kernels`)}
mkdir -p "$kernels"
staging=$(mktemp -d "$kernels/.unpacking-XXXXXX")
trap 'rm -rf "$staging"' EXIT
cd "$staging"
echo "Downloading $packages"
apt-get -q download $packages
for package in *.deb; do dpkg -x "$package" root; done
rm -rf root/usr/share
[ -e root/lib ] || ln -s usr/lib root/lib
depmod -b root "$release"
[ -e "root/boot/vmlinuz-$release" ] || { echo "$image does not contain a kernel image" >&2; exit 1; }
rm -rf "$kernels/$release"
mv root "$kernels/$release"
echo "Kernel $release is ready for the sandbox VM: $kernels/$release"
`;
}
