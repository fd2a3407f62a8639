#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What "logout keep" and "logout cut" do with what stays behind at the last logout.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/lifetime.sh"

policy=/etc/carrel/policies/exam.policy

cuts() {
	echo 'logout cut' >>$policy
	trap 'sed -i /^logout/d $policy; without_carrel exam1' EXIT
}

cut_off() {
	[ "$(carrel list --json | jq '.[] | select(.user == "exam1").cut')" = true ] &&
		expect_match "$(ip link show cr-$exam1)" 'state DOWN'
}

kill_left_behind() {
	kill "$(pid_of sleep $exam1)"
}

test_logout_keep_leaves_the_network() {
	without_carrel exam1
	leave_behind
	behind
	carrel gc
	behind
	kill_left_behind
}

test_logout_cut_takes_the_network_at_the_last_logout() {
	without_carrel exam1
	cuts
	keep_open exam1
	leave_behind
	behind
	gc_says_nothing
	end_session
	eventually 5 cut_off
	expect_failure behind
	expect_match "$(carrel list)" '^exam1 .* 0 \(cut\) '
	gc_says_nothing

	# Who comes back finds the network again, and so does what stayed behind.
	keep_open exam1
	behind
	expect_equal "$(as exam1 "$probe tcp ${exam_site[0]} 443 >/dev/null && echo passed")" passed
	expect_no_match "$(carrel list)" cut
	end_session
	eventually 5 cut_off
	kill_left_behind
	collected $exam1
}

test_logout_cut_without_a_close_is_done_by_gc() {
	without_carrel exam1
	cuts
	su exam1 -c 'setsid sleep 1006 >/dev/null 2>&1 & sleep 1007' &
	eventually 5 pgrep -f -x 'sleep 1007'
	kill -KILL $!
	wait $! || :
	kill "$(pgrep -f -x 'sleep 1007')"
	behind
	gc_says '^exam1: cut off from the network$'
	cut_off
	expect_failure behind
	# It stays so, also when somebody sets the link up.
	ip link set cr-$exam1 up
	gc_says '^exam1: cut off from the network$'
	cut_off
	gc_says_nothing
	kill_left_behind
}

# Killed between the record and the link: the next login does not care which of them is true.
test_logout_cut_recorded_but_not_done() {
	without_carrel exam1
	cuts
	keep_open exam1
	echo 'cut 1' >>/run/carrel/carrels/$exam1
	su exam1 -c true
	behind
	expect_no_match "$(cat /run/carrel/carrels/$exam1)" '^cut'
	end_session
}

# helper_vanishes: a session whose helper is no more when it is closed
helper_vanishes() {
	install /usr/libexec/carrel/carrel-helper /run/testhost/vanishing
	sed -i 's|pam_carrel.so.*|pam_carrel.so helper=/run/testhost/vanishing|' /etc/pam.d/su
	su exam1 -c 'sleep 1009' &
	eventually 5 pgrep -f -x 'sleep 1009'
	sed -i 's|pam_carrel.so.*|pam_carrel.so exempt=sudo|' /etc/pam.d/su
	rm /run/testhost/vanishing
	mark=$(log_mark)
	kill "$(pgrep -f -x 'sleep 1009')"
	wait $! || :
}

test_logout_starts_a_helper_only_to_cut() {
	local mark
	without_carrel exam1
	helper_vanishes
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" vanishing

	cuts
	helper_vanishes
	eventually 5 logged_since "$mark" 'not cut off yet: .*vanishing'
	keep_open exam1
	helper_vanishes
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" vanishing
	end_session
}

run_tests "$@"
