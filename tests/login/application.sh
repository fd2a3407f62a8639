#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The module in applications that are awkward hosts: with threads, with SIGCHLD ignored or
# handled, with standard descriptors closed, with an umask that lets nobody in.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

echo 'session required pam_carrel.so' >/etc/pam.d/carrel-test

# stays_as_it_was USER [WORD...]: an application (tests/faults/application.c) opens a session of
# USER; it is in USER's carrel meanwhile, back on the host afterwards, and else unchanged.
stays_as_it_was() {
	local output
	output=$("$HOST_BUILD/tests/faults/application" carrel-test "$@")
	expect_match "$output" "^inside net:\[$(stat -L -c %i "/run/netns/carrel-$(id -u "$1")")\]$"
	expect_equal "$(sed -n 's/^after //p' <<<"$output" | uniq)" "$host_netns"
	expect_no_match "$output" changed
}

test_application_with_one_thread_stays_as_it_was() {
	stays_as_it_was exam1
}

test_application_with_threads_stays_as_it_was() {
	stays_as_it_was exam1 threads
}

test_application_that_ignores_sigchld_stays_as_it_was() {
	stays_as_it_was exam1 ignore-sigchld
}

test_application_with_closed_stdio_stays_as_it_was() {
	stays_as_it_was exam1 closed-stdio
}

test_application_with_an_odd_umask_stays_as_it_was() {
	stays_as_it_was exam2 odd-umask threads
	expect_equal "$(stat -c %a /run/carrel/carrels/61002)" 644
}

test_application_that_opens_sessions_in_turn_is_on_the_host_between_them() {
	stays_as_it_was exam1 twice threads closed-stdio
}

# Begun in a carrel, for a user whom an assignment gives the host's network: the way back leads to
# where it was begun.
test_application_that_left_a_carrel_is_back_there_after_it_closed_the_session() {
	local output
	echo 'assign host user free1' >/etc/carrel/carrel.conf.d/application.conf
	trap 'rm /etc/carrel/carrel.conf.d/application.conf' EXIT
	su lab1 -c true
	output=$(nsenter --net=/run/netns/carrel-61101 -- \
		"$HOST_BUILD/tests/faults/application" carrel-test free1 no-carrel twice threads)
	expect_equal "$(sed -n 's/^inside //p' <<<"$output" | uniq)" "$host_netns"
	expect_equal "$(sed -n 's/^after //p' <<<"$output" | uniq)" \
		"net:[$(stat -L -c %i /run/netns/carrel-61101)]"
	expect_no_match "$output" changed
}

test_application_that_can_make_no_process_is_told_so() {
	local mark output rc=0
	mark=$(log_mark)
	output=$("$HOST_BUILD/tests/faults/application" carrel-test exam1 no-processes) || rc=$?
	expect_equal $rc 2
	expect_match "$output" ^refused
	eventually 5 logged_since "$mark" 'making a process: Resource temporarily unavailable'
}

# With each number of descriptors that are left, it is let in or refused, and nothing else changes.
test_application_with_few_descriptors_is_let_in_or_refused() {
	local output
	output=$("$HOST_BUILD/tests/faults/application" carrel-test exam1 few-descriptors)
	expect_no_match "$output" changed
	expect_equal "$(sed -n 's/^refused //p' <<<"$output" | sort -u)" "$host_netns"
	expect_equal "$(sed -n 's/^inside //p' <<<"$output" | sort -u)" \
		"net:[$(stat -L -c %i /run/netns/carrel-61001)]"
	[ "$(grep -c ^refused <<<"$output")" -ge 3 ]
}

test_application_has_no_session_after_it_closed_it() {
	local list
	list=$("$HOST_BUILD/tests/faults/application" carrel-test lab1 list | grep -vE '^(inside|after) ')
	expect_equal "$(jq '.[] | select(.user == "lab1") | .sessions | length' <<<"$list")" 0
}

run_tests "$@"
