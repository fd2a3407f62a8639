#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# soak.sh LOGINS [SSH_LOGINS]   in the test host: so many logins by a PAM application, and some by ssh,
#                               after which nothing may be left of them
set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/leaks.sh
. "$here/../lib/leaks.sh"
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
build=${HOST_BUILD:-${BUILD:-build}}
logins=${1-20000}
ssh_logins=${2-100}
users=(exam1 exam2 lab1 lab2 load{01..08})

# nothing_left: every carrel is idle, and was taken away; the kernel is done with it
# shellcheck disable=SC2317  # through "eventually"
nothing_left() {
	carrel gc >/dev/null
	[ "$(entries /run/netns/carrel-* /run/carrel/carrels/* /run/carrel/sessions/* \
		/run/carrel/addresses/*)" = 0 ] && [ "$(entries /sys/class/net/cr-*)" = 0 ]
}

# shellcheck disable=SC2317
settled() {
	nothing_left && after=$(leaks_take) &&
		leaks_compare "$before" "$after" "$logins" "$ssh_logins" >/dev/null
}

# log_in_by_ssh LOGINS
log_in_by_ssh() {
	local i
	for ((i = 1; i <= $1; i++)); do
		client ssh "${users[i % ${#users[@]}]}@server" probe tcp 203.0.113.10 443 >/dev/null
		[ $((i % 50)) -ne 0 ] || echo "$i of $1 logins by ssh"
	done
}

sed -i '1i linger 0' /etc/carrel/carrel.conf
echo 'session required pam_carrel.so quiet' >/etc/pam.d/soak
# The soak starts `carrel gc` itself.
touch /run/carrel/collected
# What a first login leaves for good: locks of users, last valid texts, the host's table.
"$build/tests/bench/carrel-soak" $((3 * ${#users[@]})) "${users[@]}"
log_in_by_ssh ${#users[@]}
eventually 60 nothing_left

before=$(leaks_take)
"$build/tests/bench/carrel-soak" "$logins" "${users[@]}"
log_in_by_ssh "$ssh_logins"
rc=0
eventually 90 settled || rc=1
leaks_compare "$before" "$(leaks_take)" "$logins" "$ssh_logins" || rc=1
exit $rc
