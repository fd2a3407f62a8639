#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The helper is killed at each of its system calls in turn. Every time: the login is refused,
# what is left is what the next login uses, and that login works and is confined; what a killed
# removal leaves is used by the next login, or removed by the next gc.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

helper=/usr/libexec/carrel/carrel-helper
killer=/usr/local/libexec/killer
uid=61001
probe=$(command -v probe)

# No login starts gc, the tests do; and nothing lingers.
sed -i '1i linger 0' /etc/carrel/carrel.conf
touch -d '1 day' /run/carrel/collected

# "su" gets the helper that dies, "runuser -l" keeps the real one.
install_killer() {
	install -D "$HOST_BUILD/tests/faults/killer" $killer
	install -d -m 1777 /tmp/killer
	sed -i "s|pam_carrel.so.*|pam_carrel.so helper=$killer|" /etc/pam.d/su
}

# dies_at N: a login whose helper is killed when it is about to make its Nth system call.
# It is refused; or, when the reply had been sent already, in the right place.
# Leaves a count when the helper ended before that: then there is nothing left to try.
dies_at() {
	local output rc=0
	rm -f /tmp/killer/count
	echo "$1 $helper" >/tmp/killer/at
	output=$(su exam1 -c 'readlink /proc/self/ns/net' 2>&1) || rc=$?
	[ ! -e /tmp/killer/count ] || return 0
	if [ $rc -eq 0 ]; then
		expect_equal "$output" "net:[$(stat -L -c %i /run/netns/carrel-$uid)]"
	else
		expect_match "$output" 'this login is refused'
		expect_no_match "$output" 'net:'
	fi
}

# What is pinned has a record, and is the namespace that the record names.
expect_whole_or_absent() {
	local inode
	[ -e /run/netns/carrel-$uid ] || return 0
	inode=$(stat -L -c %i /run/netns/carrel-$uid)
	if [ "$(stat -L -f -c %T /run/netns/carrel-$uid)" = nsfs ]; then
		expect_match "$(cat /run/carrel/carrels/$uid)" "^netns $inode$"
	fi
}

expect_next_login_works() {
	local output
	output=$(runuser -l exam1 -c "readlink /proc/self/ns/net; $probe tcp ${exam_site[0]} 443;
		$probe tcp ${exam_site[1]} 443 && echo passed; $probe tcp ${other_site[0]} 443 || echo stopped")
	expect_match "$output" "^net:\[$(stat -L -c %i /run/netns/carrel-$uid)\]$"
	expect_match "$output" passed
	expect_match "$output" stopped
	expect_equal "$(ip -o link show type veth | grep -c ': cr-61001@')" 1
	expect_equal "$(find /run/carrel/addresses -name "[0-9]*" | wc -l)" 1
}


# The counters are left out of the comparison.
remember_host_table() {
	nft --stateless list table inet carrel >/tmp/killer/table
}

# kill_at_every_call PREPARE: PREPARE is run before each
kill_at_every_call() {
	local at=1
	while :; do
		"$1"
		dies_at $at
		[ ! -e /tmp/killer/count ] || break
		expect_whole_or_absent
		expect_next_login_works
		expect_equal "$(find /run/carrel -name '.tmp-*')" ""
		nft --stateless list table inet carrel | cmp - /tmp/killer/table
		at=$((at + 1))
		[ $at -lt 1000 ]
	done
	tries=$((at - 1))
	expect_equal "$(cat /tmp/killer/count)" "$tries"
	echo "# killed at each of $tries system calls" >&3
}

without_carrel() {
	carrel remove exam1 >/dev/null || [ $? -eq 3 ]
}

with_carrel() {
	runuser -l exam1 -c true
}

test_kill_at_every_call_of_a_first_login() {
	install_killer
	with_carrel
	remember_host_table
	kill_at_every_call without_carrel
	[ "$tries" -gt 50 ]
}

test_kill_at_every_call_of_a_second_login() {
	install_killer
	with_carrel
	remember_host_table
	kill_at_every_call with_carrel
	[ "$tries" -gt 20 ]
}

# --- what the command has the helper do

real=/usr/libexec/carrel/real-helper

# The command starts one helper only: that which dies. At 0 it is the real one's equal.
install_killer_for_the_command() {
	install_killer
	if [ ! -e $real ]; then
		mv $helper $real
		install $killer $helper
	fi
	sed -i "s|pam_carrel.so.*|pam_carrel.so helper=$real|" /etc/pam.d/runuser /etc/pam.d/runuser-l
}

# the_command ARGUMENT...: with a helper that is not killed
the_command() {
	echo "0 $real" >/tmp/killer/at
	carrel "$@"
	wait_for_killer
}

# command_dies_at N ARGUMENT...: as dies_at, of a helper of the command; it may have sent its reply
command_dies_at() {
	rm -f /tmp/killer/count
	echo "$1 $real" >/tmp/killer/at
	shift
	carrel "$@" || :
	wait_for_killer
}

# The command goes on when it has its reply; the killer has to see the helper's end, too.
wait_for_killer() {
	while pgrep -u carrel >/dev/null; do
		sleep 0.002
	done
}

# Noted as idle, then removed: unless a process that has to do with the login is still ending.
collected() {
	the_command gc
	[ ! -e /run/netns/carrel-$uid ] && [ ! -e /run/carrel/carrels/$uid ]
}

# Nothing is left of it: temporary files are swept when nobody can be writing them any more.
expect_nothing() {
	find /run/carrel -name '.tmp-*' -exec touch --no-dereference -d '1 hour ago' {} +
	the_command gc
	[ ! -e /run/netns/carrel-$uid ]
	expect_equal "$(find /run/carrel -name "*$uid*" -not -path '*/locks/*')" ""
	expect_equal "$(find /run/carrel -name '.tmp-*')" ""
	expect_equal "$(find /run/carrel/addresses -lname $uid)" ""
	eventually 5 link_is_gone
}

link_is_gone() {
	! ip link show cr-$uid
}

# kill_command_at_every_call PREPARE ARGUMENT...: then the next login works; and once more, and gc
# leaves nothing
kill_command_at_every_call() {
	local at=1 prepare=$1
	shift
	while :; do
		"$prepare"
		command_dies_at $at "$@"
		[ ! -e /tmp/killer/count ] || break
		expect_whole_or_absent
		expect_next_login_works
		"$prepare"
		command_dies_at $at "$@"
		eventually 5 collected
		expect_nothing
		at=$((at + 1))
		[ $at -lt 1000 ]
	done
	tries=$((at - 1))
	echo "# killed at each of $tries system calls" >&3
	[ "$tries" -gt 40 ]
}

# A carrel that gc removes when it runs next.
with_idle_carrel() {
	with_carrel
	eventually 5 noted
}

noted() {
	the_command gc
	grep -q '^idle' /run/carrel/carrels/$uid
}

# Nothing but what gc calls remains.
with_remains() {
	with_carrel
	umount --lazy /run/netns/carrel-$uid
	rm /run/netns/carrel-$uid
}

test_kill_at_every_call_of_a_removal() {
	install_killer_for_the_command
	kill_command_at_every_call with_carrel remove exam1
}

test_kill_at_every_call_of_noting_an_idle_carrel() {
	install_killer_for_the_command
	kill_command_at_every_call with_carrel gc
}

test_kill_at_every_call_of_collecting_an_idle_carrel() {
	install_killer_for_the_command
	kill_command_at_every_call with_idle_carrel gc
}

test_kill_at_every_call_of_collecting_remains() {
	install_killer_for_the_command
	kill_command_at_every_call with_remains gc
}

exec 3>&1
run_tests "$@"
