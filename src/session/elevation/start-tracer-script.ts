/** What root runs of the installed tracer: the launcher that pkexec's policy and a sudoers rule can name. */
import { CAPABILITY_BITS } from './capabilities';
import { guardedNodeFlags } from './guarded-node';

/**
 * `only_root PATH` for sh(1): ends with `fail` unless root alone can change what the path leads to: it and every folder
 * on the way to it belong to root, nobody else may write them (with ACLs, the group's bits are their mask: acl(5)), and
 * none is a symbolic link. From the root down, so no folder of somebody else's is ever looked into; and what passed
 * stays so, because whoever could change it afterwards is root.
 */
export const ONLY_ROOT = `only_root() {
	[ "$1" = / ] || { parent=\${1%/*}; only_root "\${parent:-/}"; }
	case $(stat -c '%u %A' "$1" 2>/dev/null) in
	'0 '[d-]????-??-?) ;;
	*) fail "$1 is not root's alone to change: $(stat -c '%U:%G %A' "$1" 2>&1)" ;;
	esac
}`;

/**
 * Takes nothing but capabilities and a socket, and starts the tracer under the uid of whoever asked. As
 * root it is of no use. The network namespace is left where programs are attached to interfaces, and where root may not
 * make another (a container).
 */
export function launcherScript(folder: string): string {
  return `#!/bin/sh
# start-tracer CAPABILITY[,CAPABILITY]... SOCKET
# Starts BPF Workbench's tracer for whoever asks through sudo or pkexec: under their own uid, with these capabilities,
# no others, and no way to gain more.
set -efu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
fail() {
	echo "start-tracer: $1" >&2
	exit 2
}
${ONLY_ROOT}
[ $# = 2 ] || fail 'give the capabilities and a socket'
socket=$2
uid=\${PKEXEC_UID:-\${SUDO_UID:-}}
case $uid in
'' | *[!0-9]* | 0) fail 'start it through sudo or pkexec, as another user than root' ;;
esac
set=-all
network=
IFS=,
for capability in $1; do
	case $capability in
	${Object.keys(CAPABILITY_BITS).join(' | ')}) set=$set,+$capability ;;
	*) fail "the tracer never gets $capability" ;;
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
