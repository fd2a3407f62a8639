#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hundreds of logins and logouts leave nothing behind. `make soak` makes thousands.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/leaks.sh
. "$here/../lib/leaks.sh"

logins=250 ssh_logins=4

test_soak_leaves_nothing_behind() {
	"$here/../bench/soak.sh" $logins $ssh_logins
}

# found KIND: what was made since $before is seen as a leak of that kind
found() {
	local output after
	after=$(leaks_take)
	output=$(leaks_compare "$before" "$after" $logins $ssh_logins) && return 1
	expect_match "$output" "^LEAK  $1 "
}

test_soak_sees_a_leak_of_each_kind() {
	local before number
	mkdir -p /run/leak
	before=$(leaks_take)
	leaks_compare "$before" "$before" $logins $ssh_logins

	mount -t tmpfs leak /run/leak
	found mounts
	umount /run/leak

	touch /run/netns/leak
	found pins
	rm /run/netns/leak

	ip link add leak type veth
	found links
	ip link delete leak

	touch /run/carrel/leak
	found files
	rm /run/carrel/leak

	sleep 1000 &
	found processes
	kill $!
	wait $! || :

	exec 7</dev/null
	found descriptors
	exec 7<&-

	for ((number = 1; number <= 100; number++)); do
		echo >/dev/udp/198.51.100.2/$number
	done
	found connections

	# As many as logins: others on this machine have some of their own.
	for ((number = 0; number < logins; number++)); do
		ip netns add leak$number
	done
	found namespaces
	for ((number = 0; number < logins; number++)); do
		ip netns delete leak$number
	done
	# That is too little memory for so few logins: as if there had been less before.
	before=${before%memory *}"memory 1000"
	found memory
}

run_tests "$@"
