#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What logins ask of the kernel, counted: figures that no load of the machine changes. Who adds a
# system call to each login has to raise a limit here, and to say why. `make bench` has the times.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"
build=${HOST_BUILD:-${BUILD:-build}}

# Services without what PAM's own modules do; name services without systemd's, which look at a lot.
echo 'session required pam_carrel.so quiet' >/etc/pam.d/counts
echo 'session required pam_permit.so' >/etc/pam.d/counts-without
printf 'passwd: files\ngroup: files\n' >/etc/nsswitch.conf

# Addresses of both families, nothing about the host or names.
cat >/etc/carrel/policies/counts.policy <<'END'
uplink nat
default deny out
allow out tcp,udp to 198.51.100.53,2001:db8:53::53 port 53
allow out tcp to 203.0.113.10,2001:db8:80::10 port 443
reject out tcp port 25
END
echo 'assign counts user exam1' >/etc/carrel/carrel.conf

# Somebody's first login prepares the host.
su exam1 -c true

# tally KIND SERVICE USER: into $calls, $sends, $messages and $processes
tally() {
	local counted
	# As carrel-gc.timer does: else a login starts `carrel gc`.
	touch /run/carrel/collected
	counted=$("$build/tests/bench/carrel-tally" "$@")
	read -r calls sends messages processes <<<"$counted"
}

# at_most WHAT FOUND LIMIT
at_most() {
	echo "$1: $2 (at most $3)"
	[ "$2" -le "$3" ]
}

# The limits leave a few system calls for other kernels and C libraries; none for netlink.
test_counts_of_a_first_login() {
	without_carrel exam1
	tally confined counts exam1
	at_most 'system calls' "$calls" 400
	at_most 'netlink sends' "$sends" 11
	at_most 'netlink messages' "$messages" 48
	at_most 'processes' "$processes" 2
}

test_counts_of_a_second_login() {
	without_carrel exam1
	keep_open exam1
	tally confined counts exam1
	end_session
	at_most 'system calls' "$calls" 390
	at_most 'netlink sends' "$sends" 8
	at_most 'netlink messages' "$messages" 17
	at_most 'processes' "$processes" 2
}

# Else the count of a second login would be that of one that looks at nothing.
test_counts_of_a_login_that_mends() {
	without_carrel exam1
	keep_open exam1
	tally confined counts exam1
	local healthy=$messages
	ip netns exec "carrel-$(id -u exam1)" ip route flush table main
	tally confined counts exam1
	end_session
	# Not system calls: what the login before left behind takes some.
	echo "netlink messages for a healthy carrel: $healthy, for one without routes: $messages"
	[ "$messages" -gt "$healthy" ]
}

test_counts_of_an_unconfined_login() {
	local without
	tally free counts-without free1
	without=$calls
	tally free counts free1
	at_most 'system calls' $((calls - without)) 20
	at_most 'processes' "$processes" 0
}

run_tests "$@"
