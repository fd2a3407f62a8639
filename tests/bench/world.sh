#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# world.sh BUILD [OPTIONS]      run BUILD/tests/bench/carrel-bench in a throwaway host
#
# Private mount, network and process namespaces: /etc/passwd and /run are its own, an
# "internet" is at the other end of wan0, and this shell, as process 1, reaps what the
# launcher leaves. Nothing of the machine is changed. OPTIONS go to carrel-bench.
set -eu

if [ -z "${BENCH_WORLD-}" ]; then
	[ "$(id -u)" = 0 ] || { echo 'bench: needs root, for namespaces' >&2; exit 1; }
	BENCH_WORLD=1 exec unshare --net --mount --pid --ipc --uts --fork --kill-child \
		--mount-proc --propagation private /bin/sh "$0" "$@"
fi
unset BENCH_WORLD
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
here=$(dirname "$0")
build=$1
shift
site=/run/bench

# ---- files: what a login looks at, and what the helper's account may read and run
mount -t tmpfs -o mode=755 bench-run /run
mount -t sysfs sysfs /sys
[ ! -e /dev/log ] || mount --bind /dev/null /dev/log
mkdir -p $site/pam.d $site/policies
cp "$here/plain.sh" "$here/batch.sh" "$build/tests/bench/nothing" $site
for file in carrel-helper pam_carrel.so; do
	[ ! -e "$build/$file" ] || cp "$build/$file" $site
done

account=$(id -u carrel 2>/dev/null || echo 999)
{
	grep -v '^carrel:' /etc/passwd
	echo "carrel:x:$account:$account::/nonexistent:/usr/sbin/nologin"
	echo 'guest:x:300000:300000::/nonexistent:/bin/sh'
	# Few, and in turn: a long file would make name services the thing measured.
	for number in 1 2 3 4 5 6 7 8; do
		echo "bench$number:x:20000$number:200000::/nonexistent:/bin/sh"
	done
} >$site/passwd
{ grep -v '^carrel:' /etc/group; echo "carrel:x:$account:"; } >$site/group
printf 'passwd: files\ngroup: files\n' >$site/nsswitch.conf
for file in passwd group nsswitch.conf; do
	mount --bind $site/$file /etc/$file
done
install -d -o carrel -g carrel -m 755 /run/carrel
install -d -o root -g carrel -m 1775 /run/netns
# As carrel-gc.timer does, every minute: where it does not run, a login starts `carrel gc`.
while touch /run/carrel/collected; do sleep 30; done &

cat >$site/carrel.conf <<END
pool4   10.213.0.0/16
pool6   fd42:ca44:e1::/64
assign  bench  uid 200000-299999
END
cat >$site/pam.d/bench <<END
session required $site/pam_carrel.so quiet helper=$site/carrel-helper config=$site/carrel.conf
END
echo 'session required pam_permit.so' >$site/pam.d/nothing

# ---- the network: this host, and the internet behind it
ip link set lo up
ip netns add internet
ip link add wan0 type veth peer name eth0 netns internet
ip addr add 198.51.100.1/24 dev wan0
ip addr add 2001:db8:1::1/64 dev wan0 nodad
ip link set wan0 up
ip -n internet addr add 198.51.100.2/24 dev eth0
ip -n internet addr add 2001:db8:1::2/64 dev eth0 nodad
ip -n internet link set lo up
ip -n internet link set eth0 up
ip route add default via 198.51.100.2
ip -6 route add default via 2001:db8:1::2

# A host with a firewall, as every host of carrel's is. Without one each namespace's first
# rule would switch the kernel's packet hooks on, and its end would switch them off again.
firewall='
table inet bench-host {
	chain prerouting  { type filter hook prerouting  priority 0; ct state invalid drop; }
	chain input       { type filter hook input       priority 0; }
	chain forward     { type filter hook forward     priority 0; }
	chain output      { type filter hook output      priority 0; }
	chain postrouting { type filter hook postrouting priority 0; }
}'
echo "$firewall" | nft -f -

# To compare with, where it is installed: tests/setup bench
if [ -x /usr/lib/cni/ptp ]; then
	cp "$here/cni.sh" $site
	ip netns add cni-host
	ip -n cni-host link set lo up
	echo "$firewall" | ip netns exec cni-host nft -f -
fi

"$build/tests/bench/carrel-bench" "$@" $site
