#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What policies expect of themselves, and what `carrel check` warns of.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"


# checks STATUS [ARGUMENT...]: check ends with STATUS; what it says is in $output
checks() {
	local expected=$1
	shift
	exits "$expected" carrel check "$@"
}

test_expect_true_is_silent() {
	cp $policies/exam.policy /tmp/before
	cat >>$policies/exam.policy <<-'END'
		expect allow tcp 203.0.113.10:443
		expect allow tcp [2001:db8:80::10]:443
		expect deny tcp 203.0.113.10:80
		expect deny udp host:53
		expect deny in tcp peers:22
	END
	checks 0
	expect_match "$output" ': valid$'
	as exam1 true
	cp /tmp/before $policies/exam.policy
}

test_expect_untrue_is_an_error() {
	cp $policies/exam.policy /tmp/before
	echo 'expect allow tcp 203.0.113.80:443' >>$policies/exam.policy
	checks 4
	expect_match "$output" "^$policies/exam\.policy:6:1: error: 'expect allow tcp 203\.0\.113\.80:443' is not true: 203\.0\.113\.80 is rejected; no rule of policy 'exam' matches: default reject out$"
	checks 4 $policies/exam.policy
	cp /tmp/before $policies/exam.policy
}

test_expect_untrue_leaves_the_last_valid_text_in_force() {
	local mark
	cp $policies/exam.policy /tmp/before
	as exam1 true
	cat >$policies/exam.policy <<-'END'
		default allow out
		expect  deny tcp 203.0.113.80:443
	END
	mark=$(log_mark)
	reaches exam1 tcp "${exam_site[0]}" 443
	cannot_reach exam1 tcp "${other_site[0]}" 443
	logged_since "$mark" "exam\.policy:2:1: 'expect deny tcp 203\.0\.113\.80:443' is not true.*the last valid version stays in force"
	expect_match "$(carrel show exam1 2>/dev/null)" 'default reject out'
	expect_match "$(carrel explain exam1 tcp 203.0.113.80:443 2>/dev/null || :)" '^rejected: '
	cp /tmp/before $policies/exam.policy
}

test_expect_untrue_keeps_users_out_where_nothing_was_valid() {
	echo 'assign fresh user free1' >/etc/carrel/carrel.conf.d/fresh.conf
	printf 'default allow out\nexpect deny tcp 203.0.113.80:443\n' >$policies/fresh.policy
	refused free1
	echo 'default reject out' >$policies/fresh.policy
	as free1 true
	carrel remove free1
	rm /etc/carrel/carrel.conf.d/fresh.conf $policies/fresh.policy
}

test_check_warns_of_rules_that_can_never_match() {
	local file
	file=$(mktemp -d)/new.policy
	cat >"$file" <<-'END'
		allow out tcp to 203.0.113.0/24
		deny  out tcp to 203.0.113.7 port 25
		allow out tcp to 10.213.0.5 port 80
	END
	checks 0 "$file"
	expect_match "$output" "^$file:2:1: warning: this rule can never match: line 1 decides before it$"
	expect_match "$output" "^$file:3:1: warning: this rule can never match: these are other carrels' addresses"
	expect_match "$output" ': valid, 2 warnings '
	rm -r "${file%/*}"
}

test_check_warns_of_policies_that_nobody_is_given() {
	echo 'default deny out' >$policies/spare.policy
	checks 0
	expect_match "$output" "^$policies/spare\.policy: warning: no assignment gives this policy to anyone$"
	expect_match "$output" ': valid, 1 warning$'
	checks 0 $policies/spare.policy
	expect_no_match "$output" 'no assignment'
	rm $policies/spare.policy
}

run_tests "$@"
