#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Users who get in the way of their own logins, with what every user may do: nobody else is kept
# out by that, and nothing of root's comes to harm.
#
# shellcheck disable=SC2154,SC2016  # variables of login.sh; some are expanded in sessions
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

# What users start themselves, with a password that they have.
sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su

# The user's own processes, as they are after a login.
by_exam1=(setpriv --reuid="$exam1" --regid="$(id -g exam1)" --init-groups)

children() {
	ps -o pid= --ppid "$1" | xargs
}

# has_child PID: and its only child is $child
has_child() {
	child=$(children "$1")
	[ -n "$child" ]
}

# begin_login: exam1 runs su, whose second child, not yet the helper, waits for somebody to open what
# should be a file; $application, $between and $future are their process ids
begin_login() {
	local child
	without_carrel exam1
	mkdir -p /run/carrel-pins
	rm -f /run/carrel-pins/lock
	mkfifo -m 0600 /run/carrel-pins/lock
	"${by_exam1[@]}" su exam1 -c 'echo came in' >/run/testhost/su 2>&1 &
	application=$!
	trap 'let_go; wait "$application" || :' EXIT
	eventually 5 has_child "$application"
	between=$child
	eventually 5 has_child "$between"
	future=$child
}

# is_over PID: also where init has not heard of it yet
is_over() {
	[[ $(ps -o stat= -p "$1") = @(|Z*) ]]
}

let_go() {
	exec 8<>/run/carrel-pins/lock
	rm /run/carrel-pins/lock
}

# They run with root's rights in the application's memory.
test_hostile_user_cannot_signal_what_becomes_the_helper() {
	begin_login
	local process
	for process in "$between" "$future"; do
		expect_equal "$(awk '/^Uid:/ { print $2, $3, $4 }' "/proc/$process/status")" '0 0 0'
		expect_failure "${by_exam1[@]}" kill -STOP "$process"
		expect_failure "${by_exam1[@]}" kill -KILL "$process"
	done
	let_go
	wait "$application"
	trap - EXIT
	expect_equal "$(cat /run/testhost/su)" 'came in'
}

# As who may write to a control group can do to one process in it: its memory is not taken away from
# the process that it made.
test_hostile_kill_of_the_process_between_ends_the_login() {
	local mark
	begin_login
	mark=$(log_mark)
	kill -KILL "$between"
	expect_failure wait "$application"
	eventually 5 is_over "$future"
	eventually 5 logged_since "$mark" 'refused a session of .exam1.: .*somebody killed'
	let_go
	trap - EXIT
	expect_equal "$("${by_exam1[@]}" su exam1 -c "$probe tcp ${exam_site[0]} 443 | wc -l")" 1
}

# Whoever holds a namespace keeps its link, and the host's route to its address, when its carrel is removed
# and the address is given to another user.
test_hostile_holder_of_a_namespace_keeps_nobody_out() {
	local address
	without_carrel exam1
	without_carrel exam2
	without_carrel lab1
	su exam2 -c true
	address=$(su exam2 -c 'echo $CARREL_ADDRESS4')
	"${by_exam1[@]}" sh -c 'exec sleep 1000 </run/netns/carrel-61002' &
	holder=$!
	trap 'kill "$holder"' EXIT
	eventually 5 holds "$holder"
	sed -i '1i linger 0s' /etc/carrel/carrel.conf
	carrel gc
	carrel gc
	sed -i /^linger/d /etc/carrel/carrel.conf
	[ ! -e /run/netns/carrel-61002 ]
	ip link show cr-61002

	# As it comes by chance, in a small pool.
	ln -s 61101 "/run/carrel/addresses/$address"
	ln -s "$address" /run/carrel/addresses/uid-61101
	expect_equal "$(su lab1 -c 'echo $CARREL_ADDRESS4')" "$address"
	expect_equal "$(su lab1 -c "$probe tcp ${exam_site[0]} 443 | wc -l")" 1
	expect_equal "$(su lab1 -c "$probe tcp ${exam_site[1]} 443 | wc -l")" 1
	# What is still in there cannot pretend to be the one who has the address now.
	expect_failure nsenter --net="/proc/$holder/fd/0" "$probe" --wait 1 tcp "${exam_site[0]}" 443
	su exam2 -c "$probe tcp ${exam_site[0]} 443"
}

# The kernel lets nobody else change it, root neither: that much is said.
test_hostile_owner_of_the_host_table_is_told_of() {
	local mark
	nft delete table inet carrel || :
	mkfifo /run/testhost/commands
	nft -i </run/testhost/commands &
	owner=$!
	exec 7>/run/testhost/commands
	trap 'exec 7>&-; wait "$owner" || :; nft list tables; rm /run/testhost/commands' EXIT
	echo 'add table inet carrel { flags owner; }' >&7
	eventually 5 nft list table inet carrel
	nft list table inet carrel | grep owner || skip 'tables have no owners in this kernel'
	mark=$(log_mark)
	expect_failure su exam1 -c true
	eventually 5 logged_since "$mark" 'another program owns the one that is there, as .nft list table inet carrel. says'
	exec 7>&-
	wait "$owner"
	trap 'rm /run/testhost/commands' EXIT
	su exam1 -c "$probe tcp ${exam_site[0]} 443"
}

holds() {
	[[ $(readlink "/proc/$1/fd/0") = /run/netns/carrel-61002 ]]
}

run_tests "$@"
