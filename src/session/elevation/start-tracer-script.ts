/** The launcher of the installed tracer, run as root: the command that a polkit policy or a sudoers rule can name. */
import { CAPABILITY_BITS } from './capabilities';
import { guardedNodeFlags } from './guarded-node';

/**
 * `only_root PATH` for sh(1): calls `fail` unless only root can change the path: it and every parent folder belong to
 * root, nobody else may write them (with ACLs, the group's bits are their mask: acl(5)), and none is a symbolic link.
 * Checks from / downwards, so it never enters a folder that another user controls; the result stays valid, because only
 * root could change what passed.
 */
export const ONLY_ROOT = `only_root() {
	[ "$1" = / ] || { parent=\${1%/*}; only_root "\${parent:-/}"; }
	case $(stat -c '%u %A' "$1" 2>/dev/null) in
	'0 '[d-]????-??-?) ;;
	*) fail "$1 can be changed by users other than root: $(stat -c '%U:%G %A' "$1" 2>&1)" ;;
	esac
}`;

/**
 * Takes only capabilities and a socket, and starts the tracer under the uid of the caller, which must not be root. The
 * tracer keeps the network namespace when programs are attached to interfaces, and when root may not create one (a
 * container).
 */
export function launcherScript(folder: string): string {
  return `#!/bin/sh
# start-tracer CAPABILITY[,CAPABILITY]... SOCKET
# Starts BPF Workbench's tracer for the caller of sudo or pkexec: under the caller's uid, with only these capabilities
# and no way to gain more.
set -efu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
fail() {
	echo "start-tracer: $1" >&2
	exit 2
}
${ONLY_ROOT}
[ $# = 2 ] || fail 'usage: start-tracer CAPABILITIES SOCKET'
socket=$2
uid=\${PKEXEC_UID:-\${SUDO_UID:-}}
case $uid in
'' | *[!0-9]* | 0) fail 'run it through sudo or pkexec, as a user other than root' ;;
esac
set=-all
network=
IFS=,
for capability in $1; do
	case $capability in
	${Object.keys(CAPABILITY_BITS).join(' | ')}) set=$set,+$capability ;;
	*) fail "capability not allowed: $capability" ;;
	esac
	[ $capability != net_admin ] || network=kept
done
unset IFS
only_root ${folder}/tracer.js
node=${folder}/node
[ ! -L $node ] || node=$(readlink $node)
only_root "$node"
set -- setpriv --reuid="$uid" --regid="$(id -g "$uid")" --init-groups \\
	--inh-caps="$set" --ambient-caps="$set" --bounding-set="$set" --no-new-privs \\
	/usr/bin/env -i "$node" ${guardedNodeFlags(null).join(' ')} ${folder}/tracer.js --socket "$socket"
[ -n "$network" ] || ! unshare --net true 2>/dev/null || set -- unshare --net "$@"
exec env -i PATH="$PATH" "$@"
`;
}
