#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The carrel command, run by the administrator of the test host beside real logins.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"


# sessions USER COUNT: so many are open
sessions() {
	[ "$(carrel show --json "$1" | jq '.sessions | length')" = "$2" ]
}

test_command_list_says_when_there_is_no_carrel() {
	exits 0 carrel list
	expect_equal "$output" 'No carrels.'
	expect_equal "$(carrel list --json)" '[]'
}

test_command_list_shows_who_is_logged_in() {
	without_carrel exam1
	keep_open exam1
	exits 0 carrel list
	expect_match "$output" '^USER +UID +POLICY +SESSIONS +IPv4 +IPv6 +NETNS +SINCE$'
	expect_match "$output" '^exam1 +61001 +exam +1 +10\.213\.[0-9.]+ +fd42:[0-9a-f:]+ +carrel-61001 +20[0-9-]+ [0-9:]+$'
	end_session
	eventually 5 sessions exam1 0
}

test_command_list_needs_no_privilege() {
	keep_open exam1
	exits 0 unprivileged carrel list
	expect_match "$output" '^exam1 +61001 +exam +1 .* carrel-61001  20'
	end_session
}

test_command_list_json_agrees_with_the_system() {
	local list
	keep_open exam1
	list=$(carrel list --json | jq '.[] | select(.uid == 61001)')
	expect_equal "$(jq -r .user <<<"$list")" exam1
	expect_equal "$(jq -r .pin <<<"$list")" present
	expect_equal "$(jq .netns_inode <<<"$list")" "$(stat -L -c %i /run/netns/carrel-$exam1)"
	expect_equal "$(jq -r .address4 <<<"$list")" "$(address4 exam1)"
	expect_equal "$(jq -r '.sessions[0].service' <<<"$list")" sshd
	end_session
}

test_command_list_notices_a_pin_that_is_gone() {
	without_carrel exam1
	as exam1 true
	umount /run/netns/carrel-$exam1
	exits 0 carrel list
	expect_match "$output" 'carrel-61001 \(missing\)'
	as exam1 true
	exits 0 carrel list
	expect_no_match "$output" 'missing'
}

test_command_show_tells_about_one_user() {
	without_carrel exam1
	keep_open exam1
	exits 0 carrel show exam1
	expect_match "$output" '^exam1 \(uid 61001\)$'
	expect_match "$output" '^  policy      exam$'
	expect_match "$output" '^  file        /etc/carrel/policies/exam\.policy$'
	expect_match "$output" '^  namespace   carrel-61001, inode [0-9]+, pinned$'
	expect_match "$output" '^  rules       default reject out, deny in$'
	expect_match "$output" 'allow out tcp to 203\.0\.113\.10,2001:db8:80::10 port 443 "the exam'
	expect_match "$output" '^    sshd  from 192\.0\.2\.[0-9]+|^    sshd  from 2001:db8:'
	expect_equal "$(carrel show $exam1)" "$output"
	expect_equal "$(carrel show --json exam1 | jq -c '[.rules, .sessions | length]')" '[1,1]'
	end_session
}

test_command_show_exits_3_where_there_is_no_carrel() {
	exits 3 carrel show free1
	expect_equal "$output" 'carrel: free1 has no carrel'
	exits 3 carrel show no-such-user
	expect_equal "$output" "carrel: there is no user 'no-such-user'"
	exits 3 carrel show 4000000000
}

test_command_exec_joins_the_carrel_that_is_there() {
	local inside
	keep_open exam1
	inside=$(carrel exec exam1 -- readlink /proc/self/ns/net)
	expect_equal "$inside" "$(netns_of_login exam1)"
	expect_differ "$inside" "$host_netns"
	expect_equal "$(carrel exec $exam1 -- readlink /proc/self/ns/net)" "$inside"
	end_session
}

test_command_exec_makes_a_carrel_with_its_policy() {
	without_carrel exam1
	expect_equal "$(carrel exec exam1 -- id -u)" 0
	for site in "${exam_site[@]}"; do
		carrel exec exam1 -- probe tcp "$site" 443
	done
	for site in "${other_site[@]}"; do
		exits 1 carrel exec exam1 -- probe --wait 1 tcp "$site" 443
	done
	expect_match "$(carrel list)" '^exam1 '
}

test_command_exec_is_a_session_until_the_command_ends() {
	local fifo
	without_carrel exam1
	fifo=$(mktemp -u)
	mkfifo "$fifo"
	carrel exec exam1 -- cat "$fifo" &
	local command=$!
	eventually 5 sessions exam1 1
	expect_match "$(carrel show exam1)" '^    carrel  '
	echo >"$fifo"
	wait $command
	rm -f "$fifo"
	sessions exam1 0
}

test_command_exec_returns_the_status_of_the_command() {
	exits 0 carrel exec exam1 -- true
	exits 7 carrel exec exam1 -- sh -c 'exit 7'
	exits 126 carrel exec exam1 -- /etc/passwd
	expect_match "$output" '^carrel: cannot execute .*Permission denied$'
	exits 127 carrel exec exam1 -- no-such-command
	exits 143 carrel exec exam1 -- sh -c 'kill -TERM $$'
}

test_command_exec_exits_3_for_a_user_without_a_carrel() {
	exits 3 carrel exec free1 -- true
	expect_equal "$output" 'carrel: free1 has no carrel: no assignment gives one to this user (see --service and --from)'
	exits 3 carrel exec guest1 -- true
	expect_equal "$output" 'carrel: guest1 has no carrel: /etc/carrel/carrel.conf:2 denies this login'
	exits 3 carrel exec no-such-user -- true
}

test_command_exec_takes_the_service_and_the_origin_that_are_named() {
	local config=/etc/carrel/other.conf
	cat >$config <<-'END'
		assign exam user free1 service sshd from 192.0.2.0/24
	END
	exits 3 carrel --config $config exec free1 -- true
	exits 3 carrel --config $config exec --service sshd free1 -- true
	exits 3 carrel --config $config exec --service sshd --from 198.51.100.1 free1 -- true
	exits 0 carrel --config $config exec --service sshd --from 192.0.2.7 free1 -- true
	expect_match "$(carrel show free1)" '^  policy      exam$'
	carrel remove free1
	rm $config
}

test_command_remove_takes_everything_away() {
	as exam1 true
	eventually 5 sessions exam1 0
	exits 0 carrel remove exam1
	expect_equal "$output" 'Removed the carrel of exam1.'
	expect_failure ip netns pids carrel-$exam1
	expect_failure ip link show cr-$exam1
	exits 3 carrel show exam1
	exits 3 carrel remove exam1
	expect_equal "$output" 'carrel: exam1 has no carrel'
	as exam1 true
}

test_command_remove_warns_of_sessions_that_lose_their_network() {
	without_carrel exam1
	keep_open exam1
	exits 0 carrel remove exam1
	expect_match "$output" "^carrel: 1 of exam1's sessions is still open and now without a network"
	end_session
}

test_command_remove_works_for_a_user_who_was_deleted() {
	echo 'gone1:x:61999:61999::/:/bin/sh' >>/etc/passwd
	echo 'assign offline user gone1' >/etc/carrel/carrel.conf.d/gone.conf
	carrel exec gone1 -- true
	sed -i '/^gone1:/d' /etc/passwd
	rm /etc/carrel/carrel.conf.d/gone.conf
	exits 0 carrel show gone1
	expect_match "$output" '^gone1 \(uid 61999\)$'
	exits 0 carrel remove 61999
	exits 3 carrel remove gone1
}

test_command_says_which_subcommands_need_root() {
	local words
	for words in 'apply' 'apply --dry-run' 'diff exam1' 'repair' 'repair --dry-run' 'run exam -- true' 'log' \
		'gc' 'gc --dry-run' 'refresh' 'doctor --coverage'; do
		# shellcheck disable=SC2086  # several
		exits 1 unprivileged carrel $words
		expect_match "$output" '^carrel: .* needs root: run'
	done
	for words in 'list' 'check' 'explain --policy lab icmp host' 'plan exam1' 'help'; do
		# shellcheck disable=SC2086  # several
		exits 0 unprivileged carrel $words
	done
}

test_command_exec_and_remove_need_root() {
	exits 1 unprivileged carrel exec exam1 -- true
	expect_equal "$output" "carrel: exec needs root: run 'sudo carrel exec ...'"
	exits 1 unprivileged carrel remove exam1
	expect_equal "$output" "carrel: remove needs root: run 'sudo carrel remove ...'"
}

test_command_check_finds_the_installed_configuration_valid() {
	exits 0 carrel check
	expect_match "$output" '^[0-9]+ configuration files?, [0-9]+ policies, 6 assignments: valid$'
	expect_equal "$(carrel check --json | jq -c '[.valid, .errors, .trust_checked]')" '[true,0,true]'
	exits 0 unprivileged carrel check
	expect_match "$output" ': valid \(owners and modes were not checked\)$'
}

test_command_check_points_at_every_error() {
	local dropin=/etc/carrel/carrel.conf.d/broken.conf
	printf 'assign exma user x\nassign nowhere user y\n' >$dropin
	exits 4 carrel check
	expect_match "$output" "^$dropin:1:8: error: there is no policy 'exma' \(did you mean 'exam'\?\)$"
	expect_match "$output" "^$dropin:2:8: error: there is no policy 'nowhere'$"
	printf 'asign lab user x\n' >$dropin
	exits 4 carrel check
	expect_match "$output" "^$dropin:1:1: error: 'asign' is not a directive"
	expect_equal "$(carrel check --json | jq -c '[.findings[0].line, .errors]' || :)" '[1,1]'
	rm $dropin
}

# One error of the configuration is one, whatever policies make of what is missing for it.
test_command_check_blames_no_policy_for_the_configuration() {
	local dropin=/etc/carrel/carrel.conf.d/sets.conf policy=/etc/carrel/policies/sets.policy
	local alone=': 1 error \(policies were not checked, which takes a valid configuration\)'
	echo 'allow out to set campus' >$policy
	echo 'sett campus 192.0.2.0/24' >$dropin
	exits 4 carrel check
	expect_match "$output" "^$dropin:1:1: error: 'sett' is not a directive"
	expect_match "$output" "$alone\$"
	expect_equal "$(wc -l <<<"$output")" 2
	exits 4 carrel check $policy
	expect_match "$output" "^$dropin:1:1: error: 'sett' is not a directive"
	expect_match "$output" "$alone"
	expect_equal "$(wc -l <<<"$output")" 2
	echo 'set campus 192.0.2.0/24' >$dropin
	exits 0 carrel check $policy
	rm $dropin
	exits 4 carrel check $policy
	expect_match "$output" "^$policy:1:18: error: 'campus' is not a set"
	rm $policy
}

# Without them it is not known what any policy says.
test_command_check_tells_of_overrides_that_cannot_be_read_once() {
	local overrides=/etc/carrel/policies/overrides.policy
	: >$overrides
	exits 4 carrel check
	expect_match "$output" "^$overrides: error: $overrides is empty"
	expect_match "$output" ': 1 error \(policies were not checked, which takes overrides.policy\)$'
	expect_equal "$(wc -l <<<"$output")" 2
	echo '# nothing' >$overrides
	exits 0 carrel check
	expect_equal "$(wc -l <<<"$output")" 1
	rm $overrides
}

# Misspelled, an assignment would hold for nobody, and leave on the host whom it is to confine.
test_command_check_warns_of_names_that_there_are_not() {
	local dropin=/etc/carrel/carrel.conf.d/names.conf
	echo 'assign lab group exma,lab user exam1,!exam9 service sshd,carrel,shsd uid 1' >$dropin
	exits 0 carrel check
	rm $dropin
	expect_match "$output" "^$dropin:1:18: warning: there is no group 'exma' on this system$"
	expect_match "$output" "^$dropin:1:39: warning: there is no user 'exam9' on this system$"
	expect_match "$output" "^$dropin:1:65: warning: there is no service 'shsd' on this system$"
	expect_match "$output" ': valid, 3 warnings$'
}

test_command_check_as_root_looks_at_owners_and_modes() {
	chmod o+w /etc/carrel/policies/exam.policy
	exits 4 carrel check
	expect_match "$output" '^/etc/carrel/policies/exam\.policy: error: .*chmod go-w'
	exits 0 unprivileged carrel check
	exits 0 carrel check /etc/carrel/policies/exam.policy
	chmod o-w /etc/carrel/policies/exam.policy
	chown 61201 /etc/carrel/policies
	exits 4 carrel check
	expect_match "$output" 'chown root /etc/carrel/policies'
	chown root /etc/carrel/policies
}

# As root it would find them readable, whoever else they are closed to.
test_command_check_as_root_sees_what_the_helper_cannot_read() {
	local file policy=/etc/carrel/policies/exam.policy
	mkdir -p /etc/carrel/policies/common
	echo 'allow out udp port 123' >/etc/carrel/policies/common/time.policy
	echo 'include common/time' >>$policy
	for file in /etc/carrel/carrel.conf $policy /etc/carrel/policies/common/time.policy; do
		chmod 0640 "$file"
		exits 4 carrel check
		expect_match "$output" "^$file: error: the account 'carrel', .*: Permission denied; .* chmod a\\+r $file"
		expect_equal "$(wc -l <<<"$output")" 2
		chgrp carrel "$file"
		exits 0 carrel check
		chgrp root "$file"
		chmod 0644 "$file"
	done
	chmod 0700 /etc/carrel
	exits 4 carrel check
	expect_match "$output" '^/etc/carrel/carrel.conf: error: .*, and a\+x the directories above'
	chmod 0755 /etc/carrel
	exits 0 carrel check
	sed -i '$d' $policy
	rm -r /etc/carrel/policies/common
}

test_command_check_reads_the_files_that_are_named() {
	local directory
	directory=$(mktemp -d)
	printf 'allow out tpc\n' >"$directory/new.policy"
	printf 'assign new user exam1\n' >"$directory/new.conf"
	exits 4 carrel check "$directory/new.policy" "$directory/new.conf"
	expect_match "$output" "^$directory/new\.policy:1:11: error: 'tpc' is not a protocol"
	expect_match "$output" '^1 configuration file, 1 policy, 1 assignment: 1 error '
	printf 'allow out tcp\n' >"$directory/new.policy"
	exits 0 carrel check "$directory/new.policy" "$directory/new.conf"
	exits 4 carrel check "$directory/new.conf"
	exits 4 carrel check "$directory/missing.conf"
	rm -r "$directory"
}

test_command_exits_2_when_it_is_not_understood() {
	exits 2 carrel
	exits 2 carrel lits
	expect_equal "$output" "carrel: 'lits' is not a subcommand; did you mean 'list'?"
	exits 2 carrel show
	exits 2 carrel list --frob
	exits 0 carrel --help
	exits 0 carrel help exec
	exits 0 carrel --version
}

# It is of no use on a command line, and says so.
test_command_helper_by_hand_says_why_it_ends() {
	exits 1 /usr/libexec/carrel/carrel-helper
	expect_equal "$output" "carrel-helper must not run as root: it is started by pam_carrel.so or by the carrel command, as an account of its own"
	exits 1 unprivileged /usr/libexec/carrel/carrel-helper
	expect_match "$output" '^the helper was started without CAP_NET_ADMIN'
}

test_command_says_when_its_output_is_lost() {
	local rc=0 message
	message=$(carrel list 2>&1 >/dev/full) || rc=$?
	expect_equal $rc 1
	expect_match "$message" '^carrel: cannot write to standard output: No space left on device$'
}

run_tests "$@"
