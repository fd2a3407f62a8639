#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `carrel gc` clears up, whatever was left and wherever it is run; without systemd, logins start it.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/lifetime.sh"

# --- remains

test_gc_record_without_pin_goes() {
	without_carrel exam1
	su exam1 -c true
	umount /run/netns/carrel-$exam1
	rm /run/netns/carrel-$exam1
	gc_says '^exam1: remains removed$'
	nothing_left $exam1
}

test_gc_record_without_pin_stays_while_somebody_is_in_it() {
	without_carrel exam1
	keep_open exam1
	umount /run/netns/carrel-$exam1
	rm /run/netns/carrel-$exam1
	gc_says_nothing
	[ -e /run/carrel/carrels/$exam1 ]
	end_session
	gc_says 'remains removed'
	nothing_left $exam1
}

test_gc_pin_without_record_goes() {
	without_carrel exam1
	su exam1 -c true
	rm /run/carrel/carrels/$exam1
	gc_says '^uid 61001: remains removed$'
	nothing_left $exam1
}

test_gc_record_that_cannot_be_read_goes() {
	without_carrel exam1
	su exam1 -c true
	echo rubbish >/run/carrel/carrels/$exam1
	gc_says '^uid 61001: remains removed$'
	nothing_left $exam1
}

test_gc_link_without_anything_goes() {
	without_carrel exam1
	ip link add cr-$exam1 type veth peer name other
	gc_says '^uid 61001: remains removed$'
	nothing_left $exam1
}

# A namespace that something holds, by a descriptor, keeps its link; but not for long.
test_gc_link_of_a_namespace_that_is_held_goes() {
	without_carrel exam1
	su exam1 -c true
	exec 9</run/netns/carrel-$exam1
	gc_says 'idle from now on'
	gc_says ': removed'
	ip link show cr-$exam1
	gc_says 'remains removed'
	nothing_left $exam1
	exec 9<&-
}

test_gc_what_a_killed_helper_left_goes() {
	without_carrel exam1
	ln -s 10.213.9.9 /run/carrel/addresses/uid-$exam1
	ln -s $exam1 /run/carrel/addresses/10.213.9.9
	install -d -o carrel -g carrel /run/carrel/sessions/$exam1
	echo half >/run/carrel/sessions/$exam1/.tmp-77
	echo half >/run/carrel/.tmp-host-77
	echo half >/run/carrel/carrels/.tmp-$exam1
	touch -d '1 hour ago' /run/carrel/.tmp-host-77 /run/carrel/carrels/.tmp-$exam1
	gc_says '^uid 61001: remains removed$'
	nothing_left $exam1
	expect_equal "$(find /run/carrel -name '.tmp-*')" ""
	# Also when there is nothing else to do.
	echo half >/run/carrel/.tmp-host-77
	touch -d '1 hour ago' /run/carrel/.tmp-host-77
	gc_says_nothing
	expect_equal "$(find /run/carrel -name '.tmp-*')" ""
}

test_gc_remove_leaves_nothing() {
	without_carrel exam1
	su exam1 -c true
	carrel remove exam1
	nothing_left $exam1
	su exam1 -c true
	echo rubbish >/run/carrel/carrels/$exam1
	carrel remove exam1
	nothing_left $exam1
}

# --- gc

test_gc_looks_from_the_host_wherever_it_is_run() {
	without_carrel exam2
	without_carrel exam1
	su exam1 -c true
	keep_open exam2
	expect_match "$(ip netns exec carrel-61002 carrel gc)" '^exam1: idle from now on$'
	expect_match "$(ip netns exec carrel-61002 carrel gc)" '^exam1: removed$'
	end_session
	nothing_left $exam1
	without_carrel exam2
}

test_gc_is_alone() {
	local output
	exec 9>/run/carrel/collected
	flock 9
	output=$(carrel gc 2>&1)
	expect_match "$output" "another 'carrel gc' is at work"
	exec 9>&-
}

test_gc_of_a_user_who_is_logging_in_waits() {
	without_carrel exam1
	su exam1 -c true
	gc_says 'idle from now on'
	exec 9>/run/carrel/locks/$exam1
	flock 9
	gc_says_nothing
	exec 9>&-
	gc_says ': removed'
}

test_gc_needs_root_and_a_configuration() {
	local rc=0
	setpriv --reuid=61201 --regid=61201 --clear-groups carrel gc || rc=$?
	expect_equal $rc 1
	rc=0
	carrel --config /etc/carrel/missing.conf gc || rc=$?
	expect_equal $rc 4
	rc=0
	carrel gc exam1 || rc=$?
	expect_equal $rc 2
}

# All are noted as idle, some perhaps later than others; and all are removed.
gc_finishes() {
	carrel gc
	expect_no_match "$(carrel list)" ^many
}

test_gc_goes_through_many_in_batches() {
	local number
	for number in {1..40}; do
		account "many$number" $((62000 + number))
	done
	for number in {1..40}; do
		su "many$number" -s /bin/sh -c true
	done
	expect_equal "$(carrel list | grep -c ^many)" 40
	eventually 10 gc_finishes
	for number in {1..40}; do
		nothing_left $((62000 + number))
	done
}

# --- without systemd, logins start it

test_gc_logins_start_gc_when_nobody_else_does() {
	without_carrel exam1
	without_carrel exam2
	su exam1 -c true
	touch -d '2 minutes ago' /run/carrel/collected
	su exam2 -c true
	eventually 5 grep -q '^idle' /run/carrel/carrels/$exam1
	# Not again so soon.
	sleep 0.3
	su exam2 -c true
	sleep 0.5
	[ -e /run/netns/carrel-$exam1 ]
	touch -d '2 minutes ago' /run/carrel/collected
	su exam2 -c true
	eventually 5 nothing_left $exam1
	touch -d '1 day' /run/carrel/collected
	without_carrel exam2
}

run_tests "$@"
